import { BangerError } from '#kit/errors.ts';

type Attributes = {
  /** Relative, without a leading slash. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtimeSeconds?: number;
};

export type CpioEntry =
  | (Attributes & { readonly kind: 'folder' })
  | (Attributes & { readonly kind: 'file'; readonly content: Buffer })
  | (Attributes & { readonly kind: 'link'; readonly target: string })
  | (Attributes & { readonly kind: 'character'; readonly major: number; readonly minor: number });

const TYPE_BITS = { folder: 0o040000, file: 0o100000, link: 0o120000, character: 0o020000 };
const TRAILER = 'TRAILER!!!';
const SIZE_MAX = 0xffff_ffff;
const NAME_MAX = 4095;

/**
 * A cpio archive in the "newc" form, as the kernel unpacks it into its first file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Padded to 512 bytes, so that another
 * archive can follow it. The kernel makes no missing folders: an entry's folder comes before it.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => encodeEntry(entry, index + 1));
  parts.push(...encodeRecord(TRAILER, { inode: 0, mode: 0, links: 1 }, Buffer.alloc(0)));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  parts.push(padding(length, 512));
  return Buffer.concat(parts);
}

function encodeEntry(entry: CpioEntry, inode: number): Buffer[] {
  checkPath(entry.path);
  const content =
    entry.kind === 'file'
      ? entry.content
      : Buffer.from(entry.kind === 'link' ? entry.target : '', 'utf8');
  if (content.length > SIZE_MAX) {
    throw new BangerError('INVALID_SIZE', `"${entry.path}" is too large for the initrd`);
  }
  const fields = {
    inode,
    mode: TYPE_BITS[entry.kind] | (entry.mode & 0o7777),
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    links: entry.kind === 'folder' ? 2 : 1,
    mtime: entry.mtimeSeconds ?? 0,
    ...(entry.kind === 'character' ? { major: entry.major, minor: entry.minor } : {}),
  };
  return encodeRecord(entry.path, fields, content);
}

type Fields = {
  inode: number;
  mode: number;
  links: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  major?: number;
  minor?: number;
};

function encodeRecord(name: string, fields: Fields, content: Buffer): Buffer[] {
  const nameBytes = Buffer.from(`${name}\0`, 'utf8');
  const { inode, mode, uid = 0, gid = 0, links, mtime = 0, major = 0, minor = 0 } = fields;
  const numbers = [
    inode,
    mode,
    uid,
    gid,
    links,
    mtime,
    content.length,
    0,
    0,
    major,
    minor,
    nameBytes.length,
    0,
  ];
  const header = Buffer.from(`070701${numbers.map(toHex).join('')}`, 'latin1');
  return [
    header,
    nameBytes,
    padding(header.length + nameBytes.length, 4),
    content,
    padding(content.length, 4),
  ];
}

function toHex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function padding(length: number, unit: number): Buffer {
  return Buffer.alloc((unit - (length % unit)) % unit);
}

function checkPath(path: string): void {
  const parts = path.split('/');
  const odd = parts.some((part) => part === '' || part === '.' || part === '..');
  if (odd || path.includes('\0') || path === TRAILER || Buffer.byteLength(path) > NAME_MAX) {
    throw new BangerError('INVALID_FIELD', `${JSON.stringify(path)} is no path for the initrd`);
  }
}
