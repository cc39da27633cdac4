import { crc32c } from './crc32c.ts';
import { BLOCK_BYTES, FILE_TYPES } from './format.ts';

/** A name in a folder; one character a byte. `type` is the one of `FILE_TYPES.*.entry`. */
export type DirectoryEntry = { name: string; inode: number; type: number };

/** What a folder's own blocks say of it; `seed` starts their checksums. */
export type DirectoryIdentity = { inode: number; parent: number; seed: number };

/** The checksum of a block poses as an unused entry at its end. */
const TAIL_BYTES = 12;
export const LEAF_BYTES = BLOCK_BYTES - TAIL_BYTES;
const TAIL_TYPE = 0xde;

export const DIRECTORY_HEADER_BYTES = 8;

export function entryBytes(name: string): number {
  return (DIRECTORY_HEADER_BYTES + name.length + 3) & ~3;
}

/** The two entries every folder starts with. */
export function selfAndParent({
  inode,
  parent,
}: DirectoryIdentity): [self: DirectoryEntry, parent: DirectoryEntry] {
  const type = FILE_TYPES.directory.entry;
  return [
    { name: '.', inode, type },
    { name: '..', inode: parent, type },
  ];
}

/** Fills a zeroed block with entries that fit; the last one reaches to the checksum. */
export function encodeLeaf(block: Buffer, entries: readonly DirectoryEntry[], seed: number): void {
  let at = 0;
  for (const [index, entry] of entries.entries()) {
    const end = index === entries.length - 1 ? LEAF_BYTES : at + entryBytes(entry.name);
    encodeEntry(block, at, entry, end - at);
    at = end;
  }
  block.writeUInt16LE(TAIL_BYTES, LEAF_BYTES + 4);
  block.writeUInt8(TAIL_TYPE, LEAF_BYTES + 7);
  block.writeUInt32LE(crc32c(seed, block, 0, LEAF_BYTES), BLOCK_BYTES - 4);
}

export function encodeEntry(
  block: Buffer,
  at: number,
  { name, inode, type }: DirectoryEntry,
  bytes: number,
): void {
  block.writeUInt32LE(inode, at);
  block.writeUInt16LE(bytes, at + 4);
  block.writeUInt8(name.length, at + 6);
  block.writeUInt8(type, at + 7);
  block.write(name, at + DIRECTORY_HEADER_BYTES, 'latin1');
}
