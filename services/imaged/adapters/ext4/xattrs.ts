import { BangerError } from '#kit/errors.ts';
import { aclToDisk } from './acl.ts';
import { crc32c, crc32cWord } from './crc32c.ts';
import { BLOCK_BYTES, INODE_BYTES, INODE_XATTRS_AT } from './format.ts';

/*
 * Extended attributes lie behind the fields of the inode, and what does not fit there in one block.
 * In both places headers grow from the front and values from the back.
 */
export const XATTR_MAGIC = 0xea020000;
export const XATTR_ENTRY_BYTES = 16;
export const IN_INODE_HEADER_BYTES = 4;
export const IN_BLOCK_HEADER_BYTES = 32;
const END_BYTES = 4;

/** The names that end with a prefix are kept as the prefix's number and the rest. */
export const XATTR_PREFIXES: readonly (readonly [prefix: string, number: number])[] = [
  ['user.', 1],
  ['system.posix_acl_access', 2],
  ['system.posix_acl_default', 3],
  ['trusted.', 4],
  ['security.', 6],
];

export function isAclPrefix(prefix: number): boolean {
  return prefix === 2 || prefix === 3;
}

type Xattr = { prefix: number; name: string; value: Buffer };

export type EncodedXattrs = {
  /** What goes to `INODE_XATTRS_AT` of the inode. */
  inInode?: Buffer;
  /** The block for the rest, whose checksum covers its own number. */
  inBlock?: (block: number) => Buffer;
};

export function encodeXattrs(xattrs: ReadonlyMap<string, Buffer>, seed: number): EncodedXattrs {
  const all = [...xattrs].flatMap(([name, value]) => toXattr(name, value)).sort(byPlace);
  const [inInode, others] = fitting(all, INODE_BYTES - INODE_XATTRS_AT - IN_INODE_HEADER_BYTES);
  const [inBlock, tooMany] = fitting(others, BLOCK_BYTES - IN_BLOCK_HEADER_BYTES);
  if (tooMany.length > 0) {
    throw new BangerError('FEATURE_UNSUPPORTED', 'extended attributes do not fit into one block');
  }
  return {
    ...(inInode.length > 0 && { inInode: encodeInInode(inInode) }),
    ...(inBlock.length > 0 && { inBlock: (block) => encodeInBlock(inBlock, block, seed) }),
  };
}

/** Names outside the prefixes (those of other systems, say) are left out: no Linux could store them. */
function toXattr(fullName: string, value: Buffer): Xattr[] {
  for (const [text, prefix] of XATTR_PREFIXES) {
    if (!fullName.startsWith(text)) continue;
    const name = fullName.slice(text.length);
    const isAcl = isAclPrefix(prefix);
    if (isAcl !== (name === '') || name.length > 255) return [];
    return [{ prefix, name, value: isAcl ? aclToDisk(value) : value }];
  }
  return [];
}

/** The order the kernel expects in a block. */
function byPlace(a: Xattr, b: Xattr): number {
  if (a.prefix !== b.prefix) return a.prefix - b.prefix;
  if (a.name.length !== b.name.length) return a.name.length - b.name.length;
  return a.name < b.name ? -1 : 1;
}

function fitting(xattrs: readonly Xattr[], bytes: number): [Xattr[], Xattr[]] {
  let room = bytes - END_BYTES;
  const inside: Xattr[] = [];
  const outside: Xattr[] = [];
  for (const xattr of xattrs) {
    const size = XATTR_ENTRY_BYTES + padded(xattr.name.length) + padded(xattr.value.length);
    if (size > room) outside.push(xattr);
    else {
      inside.push(xattr);
      room -= size;
    }
  }
  return [inside, outside];
}

function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}

function encodeInInode(xattrs: readonly Xattr[]): Buffer {
  const area = Buffer.alloc(INODE_BYTES - INODE_XATTRS_AT);
  area.writeUInt32LE(XATTR_MAGIC, 0);
  encodeEntries(area, xattrs, IN_INODE_HEADER_BYTES, IN_INODE_HEADER_BYTES);
  return area;
}

function encodeInBlock(xattrs: readonly Xattr[], block: number, seed: number): Buffer {
  const area = Buffer.alloc(BLOCK_BYTES);
  const hash = encodeEntries(area, xattrs, IN_BLOCK_HEADER_BYTES, 0);
  area.writeUInt32LE(XATTR_MAGIC, 0);
  area.writeUInt32LE(1, 4); // inodes that refer to it
  area.writeUInt32LE(1, 8); // blocks
  area.writeUInt32LE(hash, 12);
  const place = crc32cWord(crc32cWord(seed, block % 2 ** 32), Math.floor(block / 2 ** 32));
  area.writeUInt32LE(crc32c(place, area), 16);
  return area;
}

/** Value offsets count from `base`. Returns the hash over the entries' hashes. */
function encodeEntries(
  area: Buffer,
  xattrs: readonly Xattr[],
  start: number,
  base: number,
): number {
  let at = start;
  let valuesAt = area.length;
  let hashes = 0;
  for (const { prefix, name, value } of xattrs) {
    valuesAt -= padded(value.length);
    value.copy(area, valuesAt);
    const hash = hashEntry(name, area.subarray(valuesAt, valuesAt + padded(value.length)));
    area.writeUInt8(name.length, at);
    area.writeUInt8(prefix, at + 1);
    area.writeUInt16LE(value.length === 0 ? 0 : valuesAt - base, at + 2);
    area.writeUInt32LE(value.length, at + 8);
    area.writeUInt32LE(hash, at + 12);
    area.write(name, at + XATTR_ENTRY_BYTES, 'latin1');
    at += XATTR_ENTRY_BYTES + padded(name.length);
    hashes = (rotateLeft(hashes, 16) ^ hash) >>> 0;
  }
  return hashes;
}

function hashEntry(name: string, paddedValue: Buffer): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = rotateLeft(hash, 5) ^ name.charCodeAt(at);
  for (let at = 0; at < paddedValue.length; at += 4) {
    hash = rotateLeft(hash, 16) ^ paddedValue.readUInt32LE(at);
  }
  return hash >>> 0;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
