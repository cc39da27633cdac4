import { corrupt } from '../../../domain/corrupt.ts';
import { type Field, parseTarCount, parseTarNumber } from './tar-number.ts';

export const BLOCK = 512;

/** One header block as it stands, before PAX and GNU headers amend it. Strings are latin1: one character a byte. */
export type TarHeader = {
  readonly type: string;
  readonly path: string;
  readonly linkTarget: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  /** Good until more of the archive is read. */
  readonly block: Buffer;
};

const NAME: Field = { name: 'name', start: 0, length: 100 };
const MODE: Field = { name: 'mode', start: 100, length: 8 };
const UID: Field = { name: 'user id', start: 108, length: 8 };
const GID: Field = { name: 'group id', start: 116, length: 8 };
const SIZE: Field = { name: 'size', start: 124, length: 12 };
const MTIME: Field = { name: 'time', start: 136, length: 12 };
const CHECKSUM = { start: 148, length: 8 };
const TYPE = 156;
const LINK: Field = { name: 'link target', start: 157, length: 100 };
const MAGIC = 257;
const MAJOR: Field = { name: 'device number', start: 329, length: 8 };
const MINOR: Field = { name: 'device number', start: 337, length: 8 };
const PREFIX: Field = { name: 'prefix', start: 345, length: 155 };
/** GNU tar keeps the access time where POSIX has the prefix. */
const GNU_ATIME: Field = { name: 'access time', start: 345, length: 12 };

const ZEROS = Buffer.alloc(64 * 1024);

export function isZeroBlock(block: Buffer): boolean {
  return block[0] === 0 && isZero(block);
}

export function isZero(bytes: Buffer): boolean {
  for (let start = 0; start < bytes.length; start += ZEROS.length) {
    const piece = bytes.subarray(start, start + ZEROS.length);
    if (!piece.equals(ZEROS.subarray(0, piece.length))) return false;
  }
  return true;
}

/** Before the rest, for errors in that to name it. Only what is no header at all has none. */
export function parseTarPath(block: Buffer): string {
  verifyChecksum(block);
  const name = parseTarString(block, NAME);
  const prefix = findPrefix(block);
  return prefix === '' ? name : `${prefix}/${name}`;
}

export function parseTarHeader(block: Buffer, path = parseTarPath(block)): TarHeader {
  return {
    type: String.fromCharCode(block[TYPE] ?? 0),
    path,
    linkTarget: block[LINK.start] === 0 ? '' : parseTarString(block, LINK),
    mode: parseTarCount(block, MODE),
    uid: parseTarCount(block, UID),
    gid: parseTarCount(block, GID),
    sizeBytes: parseTarCount(block, SIZE),
    mtimeSeconds: parseTarNumber(block, MTIME),
    block,
  };
}

/** Only device entries have these; in others the field may hold anything. */
export function parseDeviceNumber(block: Buffer): { major: number; minor: number } {
  const major = parseTarCount(block, MAJOR);
  const minor = parseTarCount(block, MINOR);
  // Linux packs a device number into 12 and 20 bits.
  if (major >= 2 ** 12 || minor >= 2 ** 20) {
    throw corrupt(`device number ${major}:${minor} is out of range`);
  }
  return { major, minor };
}

export function parseTarString(block: Buffer, field: { start: number; length: number }): string {
  const limit = field.start + field.length;
  const end = block.indexOf(0, field.start);
  return block.toString('latin1', field.start, end === -1 || end > limit ? limit : end);
}

/** The sum of all bytes, the checksum's own taken as spaces. */
function verifyChecksum(block: Buffer): void {
  const expected = Number.parseInt(parseTarString(block, CHECKSUM), 8);
  let sum = CHECKSUM.length * 0x20;
  for (let at = 0; at < CHECKSUM.start; at++) sum += block[at] as number;
  for (let at = CHECKSUM.start + CHECKSUM.length; at < BLOCK; at++) sum += block[at] as number;
  if (expected === sum || expected === sum - 256 * countHighBytes(block)) return;
  throw corrupt('header checksum does not match: this is no tar archive, or it is damaged');
}

/** Some old writers summed the bytes as signed ones; readers have always accepted both. */
function countHighBytes(block: Buffer): number {
  let count = 0;
  for (let at = 0; at < BLOCK; at++) count += (block[at] as number) >> 7;
  for (let at = 0; at < CHECKSUM.length; at++) count -= (block[CHECKSUM.start + at] as number) >> 7;
  return count;
}

function findPrefix(block: Buffer): string {
  if (block[PREFIX.start] === 0) return '';
  const magic = block.toString('latin1', MAGIC, MAGIC + 8);
  if (magic.startsWith('ustar\0')) return parseTarString(block, PREFIX);
  return magic === 'ustar  \0' ? findMisplacedPrefix(block) : '';
}

/**
 * Before Go 1.8 (2017) Go's writer, and so Docker, put a POSIX prefix into headers marked as GNU (see
 * readHeader in Go's archive/tar). It is told from GNU's access time by not being a number.
 */
function findMisplacedPrefix(block: Buffer): string {
  const text = block.toString('latin1', GNU_ATIME.start, GNU_ATIME.start + GNU_ATIME.length);
  return /^[\0 ]*[0-7]*[\0 ]*$|^[\x80-\xff]/.test(text) ? '' : parseTarString(block, PREFIX);
}
