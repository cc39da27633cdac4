import { createHash } from 'node:crypto';
import { BangerError } from '#kit/errors.ts';
import { type Branded, printableName } from '#kit/names.ts';

/** The content address of a blob: `sha256:` and 64 lower-case hexadecimal digits, checked. */
export type Digest = Branded<'Digest'>;

const SHA256 = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return SHA256.test(text);
}

export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new BangerError(
    'INVALID_REFERENCE',
    `digest "${printableName(text)}" is not "sha256:" followed by 64 lower-case hexadecimal digits; copy it in full`,
  );
}

export function digestOf(bytes: Uint8Array): Digest {
  return toDigest(createHash('sha256').update(bytes).digest('hex'));
}

/** The hexadecimal part: safe as a file name, because parsing left nothing else in it. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

export function toDigest(hex: string): Digest {
  return parseDigest(`sha256:${hex}`);
}
