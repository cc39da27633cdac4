import { createHash, type Hash } from 'node:crypto';
import { corrupt } from '../../../domain/corrupt.ts';
import { printableName } from '../../../domain/printable-name.ts';

/** Verifies a stream against the digest that names it. */
export class DigestCheck {
  readonly #expected: string;
  readonly #hash: Hash;

  constructor(expected: string) {
    const match = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.exec(expected);
    if (match === null) throw corrupt(`has no proper digest: ${printableName(expected)}`);
    this.#expected = expected;
    this.#hash = createHash(expected.slice(0, 6));
  }

  update(chunk: Buffer): void {
    this.#hash.update(chunk);
  }

  verify(what: string): void {
    const found = `${this.#expected.slice(0, 7)}${this.#hash.digest('hex')}`;
    if (found === this.#expected) return;
    throw corrupt(`${what} does not match its digest: expected ${this.#expected}, found ${found}`);
  }
}
