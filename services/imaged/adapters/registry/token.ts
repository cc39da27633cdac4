import { BangerError, hasReason } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { Credentials } from '../../domain/credentials.ts';
import {
  isPresent,
  type JsonField,
  member,
  parseJson,
  toText,
  wrongField,
} from '../../domain/json-field.ts';
import { readWholeBody } from './answer-body.ts';
import { toAnswerFailure } from './answer-failure.ts';
import { basicAuthorization } from './basic-authorization.ts';
import { isLoopback } from './loopback.ts';
import { sendFollowing } from './redirects.ts';
import type { Answer, Exchange, Transport } from './transport.ts';

export type Token = { readonly text: string; readonly expiresAtMs: number };

export type TokenRequest = {
  readonly transport: Transport;
  readonly host: string;
  readonly repository: string;
  readonly credentials: Credentials | undefined;
  readonly allowsPlain: boolean;
  readonly realm: string;
  readonly service: string | undefined;
};

const TOKEN_LIMIT_BYTES = 256 << 10;
/** What the token specification of the registries says for a server that says nothing. */
const DEFAULT_LIFE_SECONDS = 60;
const LONGEST_LIFE_SECONDS = 3600;
/** Renewed this much earlier, as a token must still be good when the registry gets to look at it. */
const MARGIN_SECONDS = 10;

/**
 * Gets a token from the server that the registry named. The scope is always our own, read access to
 * one repository, whatever the challenge asked for.
 */
export async function fetchToken(request: TokenRequest, signal: AbortSignal): Promise<Token> {
  const realm = parseRealm(request);
  const askedAtMs = performance.now();
  const exchange = toExchange(request, realm, signal);
  const answer =
    exchange.method === 'POST'
      ? await request.transport.send(exchange)
      : await sendFollowing(request.transport, exchange, request.allowsPlain);
  if (answer.status !== 200) {
    const { host, credentials } = request;
    const subject = `access to "${request.repository}"`;
    throw await toAnswerFailure(answer, { host, subject, hasLogin: !!credentials, signal });
  }
  return readToken(answer, askedAtMs, signal);
}

/** A password may go where the registry says, but not over a wire that others can read. */
function parseRealm({ realm, host, allowsPlain }: TokenRequest): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const isPlain = url?.protocol === 'http:' && (allowsPlain || isLoopback(url));
  if (url !== undefined && (url.protocol === 'https:' || isPlain)) return url;
  throw new BangerError(
    'OPERATION_REFUSED',
    `registry "${host}" wants logins sent to "${printableName(realm)}", which is not safe; the pull was stopped`,
  );
}

function toExchange(request: TokenRequest, realm: URL, signal: AbortSignal): Exchange {
  const { credentials, service, repository } = request;
  const scope = `repository:${repository}:pull`;
  const url = new URL(realm);
  url.username = '';
  url.password = '';
  const parameters = { ...(service !== undefined && { service }), scope };
  if (credentials !== undefined && 'identityToken' in credentials) {
    const body = new URLSearchParams({
      ...parameters,
      grant_type: 'refresh_token',
      client_id: 'banger',
      refresh_token: credentials.identityToken,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url, headers, body: body.toString(), signal };
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const authorization = basicAuthorization(credentials);
  return { method: 'GET', url, headers: authorization ? { authorization } : {}, signal };
}

async function readToken(answer: Answer, askedAtMs: number, signal: AbortSignal): Promise<Token> {
  const sender = `token server "${answer.url.host}"`;
  try {
    const bytes = await readWholeBody(answer, TOKEN_LIMIT_BYTES, signal);
    return parseToken(parseJson(`answer of ${sender}`, bytes), askedAtMs);
  } catch (error) {
    if (!hasReason(error, 'IMAGE_CORRUPT')) throw error;
    const message = `${sender} did not give a token; try again later`;
    throw new BangerError('SERVICE_UNAVAILABLE', message, { cause: error });
  }
}

function parseToken(root: JsonField, askedAtMs: number): Token {
  const short = member(root, 'token');
  const field = isPresent(short) ? short : member(root, 'access_token');
  const text = toText(field);
  // Anything else could not be put into a header. The text itself is a secret and not for messages.
  if (!/^[\x21-\x7e]+$/.test(text)) throw wrongField({ ...field, value: undefined }, 'a token');
  const announced = Number(member(root, 'expires_in').value);
  const lifeSeconds = Math.min(
    announced > 0 ? announced : DEFAULT_LIFE_SECONDS,
    LONGEST_LIFE_SECONDS,
  );
  return { text, expiresAtMs: askedAtMs + Math.max(0, lifeSeconds - MARGIN_SECONDS) * 1000 };
}
