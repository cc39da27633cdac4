import { BangerError } from './errors.ts';

declare const brand: unique symbol;
/** A string that only its parser makes, so that holding one is proof of having been checked. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

export type VmName = Branded<'VmName'>;
export type VmId = Branded<'VmId'>;
export type ImageName = Branded<'ImageName'>;

/** A VM's name is a host name (RFC 1123 label): it is one in DNS and inside the guest. Never normalised. */
export function parseVmName(text: string): VmName {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text as VmName;
  throw new BangerError(
    'INVALID_NAME',
    `"${printableName(text)}" cannot name a vm; use 1 to 63 of a-z, 0-9 and "-", without "-" at either end`,
    { metadata: { name: printableName(text) } },
  );
}

/** Ids are made by us: 16 lower-case hexadecimal digits. */
export function parseVmId(text: string): VmId {
  if (/^[0-9a-f]{16}$/.test(text)) return text as VmId;
  throw new BangerError('INVALID_REFERENCE', `"${printableName(text)}" is not the id of a vm`);
}

/** Images and kernels: what is safe as a file name and readable in a table. */
export function parseImageName(text: string): ImageName {
  if (/^[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/.test(text) && !text.includes('..')) {
    return text as ImageName;
  }
  throw new BangerError(
    'INVALID_NAME',
    `"${printableName(text)}" cannot name an image or kernel; use 1 to 128 of a-z, 0-9, ".", "_" and "-", starting and ending with a letter or digit`,
    { metadata: { name: printableName(text) } },
  );
}

/** Text from outside, made safe for a message: no control characters, no line ends, no endless length. */
export function printableName(text: string): string {
  const safe = text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
  // A character above U+FFFF has two halves, and one half alone is no text.
  return safe.length <= 100 ? safe : `${safe.slice(0, 100).replace(/\p{Cs}$/u, '')}…`;
}
