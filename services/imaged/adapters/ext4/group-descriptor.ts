import { crc32c, crc32cWord } from './crc32c.ts';
import { BLOCKS_PER_GROUP, DESCRIPTOR_BYTES } from './format.ts';
import type { GroupPlace } from './group-places.ts';

export type GroupDescriptor = {
  place: GroupPlace;
  freeBlocks: number;
  freeInodes: number;
  directories: number;
  /** Absent when the bitmap is not written: the kernel then knows it by itself. */
  blockBitmap: Buffer | undefined;
  inodeBitmap: Buffer | undefined;
  inodesPerGroup: number;
};

const INODES_UNINITIALIZED = 1;
const BLOCKS_UNINITIALIZED = 2;
/** Fresh files read as zeros: no kernel has to clear the tables of inodes in the background. */
const INODE_TABLE_ZEROED = 4;

const CHECKSUM_AT = 30;
const HIGH_HALF = 32;

export function encodeDescriptor(
  table: Buffer,
  group: number,
  descriptor: GroupDescriptor,
  seed: number,
): void {
  const at = group * DESCRIPTOR_BYTES;
  const { place, blockBitmap, inodeBitmap, freeInodes, inodesPerGroup } = descriptor;
  writeSplit32(table, at, 0, place.blockBitmap);
  writeSplit32(table, at, 4, place.inodeBitmap);
  writeSplit32(table, at, 8, place.inodeTable);
  table.writeUInt16LE(descriptor.freeBlocks, at + 12);
  table.writeUInt16LE(freeInodes, at + 14);
  table.writeUInt16LE(descriptor.directories, at + 16);
  table.writeUInt16LE(flagsOf(descriptor), at + 18);
  if (blockBitmap !== undefined) {
    writeSplit16(table, at, 24, crc32c(seed, blockBitmap, 0, BLOCKS_PER_GROUP / 8));
  }
  if (inodeBitmap !== undefined) {
    writeSplit16(table, at, 26, crc32c(seed, inodeBitmap, 0, inodesPerGroup / 8));
  }
  // Inodes are used in order, so that the free ones are all behind the used ones.
  table.writeUInt16LE(freeInodes, at + 28);
  const checksum = crc32c(crc32cWord(seed, group), table, at, at + DESCRIPTOR_BYTES);
  table.writeUInt16LE(checksum & 0xffff, at + CHECKSUM_AT);
}

function flagsOf({ blockBitmap, inodeBitmap }: GroupDescriptor): number {
  const blocks = blockBitmap === undefined ? BLOCKS_UNINITIALIZED : 0;
  const inodes = inodeBitmap === undefined ? INODES_UNINITIALIZED : 0;
  return INODE_TABLE_ZEROED | blocks | inodes;
}

function writeSplit32(table: Buffer, at: number, field: number, block: number): void {
  table.writeUInt32LE(block % 2 ** 32, at + field);
  table.writeUInt32LE(Math.floor(block / 2 ** 32), at + field + HIGH_HALF);
}

/** The upper halves of the two bitmap checksums are 32 bytes behind the lower ones as well. */
function writeSplit16(table: Buffer, at: number, field: number, checksum: number): void {
  table.writeUInt16LE(checksum & 0xffff, at + field);
  table.writeUInt16LE(checksum >>> 16, at + field + HIGH_HALF);
}
