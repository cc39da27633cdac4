import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { Credentials } from '../../domain/credentials.ts';
import { discardBody } from './answer-body.ts';
import { toAnswerFailure } from './answer-failure.ts';
import { Authenticator } from './authenticator.ts';
import { isLoopback } from './loopback.ts';
import { isNotTls } from './network-failure.ts';
import { sendFollowing } from './redirects.ts';
import { TransientFailure } from './retries.ts';
import { systemCode } from './system-code.ts';
import type { Answer, Transport } from './transport.ts';

export type EndpointOptions = {
  readonly transport: Transport;
  /** Registry or mirror, as the user calls it. */
  readonly host: string;
  readonly repository: string;
  readonly credentials: Credentials | undefined;
  /** Plain HTTP was asked for; loopback hosts may have it anyway. */
  readonly insecure: boolean;
};

export type Query = {
  /** Below the repository: `manifests/latest`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For messages: `image "debian:bookworm"`. */
  readonly subject: string;
  readonly signal: AbortSignal;
};

/** One repository at one registry: finds out how to talk to it, authenticates, explains refusals. */
export class Endpoint {
  readonly host: string;
  readonly #options: EndpointOptions;
  readonly #authenticator: Authenticator;
  readonly #allowsPlain: boolean;
  #origin: URL | undefined;

  constructor(options: EndpointOptions) {
    this.host = options.host;
    this.#options = options;
    this.#allowsPlain = options.insecure || isLoopback(originOf(options.host, 'https'));
    this.#authenticator = new Authenticator({ ...options, allowsPlain: options.insecure });
  }

  /** Gives the answer if its status is one of 200, 206 and 416, and throws what any other means. */
  async get(query: Query): Promise<Answer> {
    this.#origin ??= await this.#findOrigin(query.signal);
    const origin = this.#origin;
    const url = new URL(`/v2/${this.#options.repository}/${query.path}`, origin);
    let answer = await this.#send(url, query);
    const isOwn = answer.url.origin === origin.origin;
    if (answer.status === 401 && isOwn) {
      if (this.#authenticator.accept(answer.headers['www-authenticate'])) {
        discardBody(answer);
        answer = await this.#send(url, query);
      }
    }
    if ([200, 206, 416].includes(answer.status)) return answer;
    if (answer.url.origin !== origin.origin) throw storageFailure(answer, query);
    const { host, credentials } = this.#options;
    throw await toAnswerFailure(answer, { ...query, host, hasLogin: credentials !== undefined });
  }

  async #send(url: URL, { headers, signal }: Query): Promise<Answer> {
    const authorization = await this.#authenticator.authorization(signal);
    const exchange = {
      url,
      headers: { ...headers, ...(authorization && { authorization }) },
      signal,
    };
    return sendFollowing(this.#options.transport, exchange, this.#options.insecure);
  }

  /** Where plain HTTP is allowed, TLS is still tried first, so that no one loses it by the permission. */
  async #findOrigin(signal: AbortSignal): Promise<URL> {
    const secure = originOf(this.host, 'https');
    if (!this.#allowsPlain) return secure;
    try {
      const url = new URL('/v2/', secure);
      discardBody(await this.#options.transport.send({ url, headers: {}, signal }));
      return secure;
    } catch (error) {
      if (!mayBePlain(error)) throw error;
      return originOf(this.host, 'http');
    }
  }
}

function originOf(host: string, scheme: 'https' | 'http'): URL {
  // The one registry whose name is not the name of its host.
  return new URL(`${scheme}://${host === 'docker.io' ? 'registry-1.docker.io' : host}/`);
}

/** How servers of plain HTTP take a TLS greeting: most answer it in plain text, some hang up. */
function mayBePlain(error: unknown): boolean {
  return isNotTls(error) || systemCode(error) === 'ECONNRESET';
}

/** A storage host behind the registry refuses when its signed URL is stale: a new redirect helps. */
function storageFailure(answer: Answer, { subject }: Query): TransientFailure {
  discardBody(answer);
  return new TransientFailure(
    new BangerError(
      'SERVICE_UNAVAILABLE',
      `storage host "${printableName(answer.url.host)}" answered ${answer.status} for ${subject}; try again later`,
      { metadata: { status: `${answer.status}` } },
    ),
  );
}
