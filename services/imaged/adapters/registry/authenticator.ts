import type { Credentials } from '../../domain/credentials.ts';
import { basicAuthorization } from './basic-authorization.ts';
import { type Challenge, findChallenge } from './challenge.ts';
import { fetchToken, type Token } from './token.ts';
import type { Transport } from './transport.ts';

export type AuthenticatorOptions = {
  readonly transport: Transport;
  readonly host: string;
  readonly repository: string;
  readonly credentials: Credentials | undefined;
  readonly allowsPlain: boolean;
};

/** Keeps what a registry wants to see in the Authorization header for pulling from one repository. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  #challenge: Challenge | undefined;
  #token: Token | undefined;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** The header's value; nothing before the registry has asked, since it may be open to everyone. */
  async authorization(signal: AbortSignal): Promise<string | undefined> {
    if (this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === 'basic') return basicAuthorization(this.#options.credentials);
    if (this.#token === undefined || performance.now() >= this.#token.expiresAtMs) {
      this.#token = await fetchToken({ ...this.#options, ...this.#challenge }, signal);
    }
    return `Bearer ${this.#token.text}`;
  }

  /** Takes up a 401's challenge. True when asking again makes sense. */
  accept(header: string | undefined): boolean {
    const challenge = header === undefined ? undefined : findChallenge(header);
    if (challenge === undefined) return false;
    if (challenge.scheme === 'basic' && !basicAuthorization(this.#options.credentials))
      return false;
    this.#challenge = challenge;
    this.#token = undefined;
    return true;
  }
}
