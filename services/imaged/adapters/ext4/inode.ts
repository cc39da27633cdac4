import type { Timestamp } from '../../domain/file-tree.ts';
import { crc32c, crc32cWord } from './crc32c.ts';
import {
  INODE_BODY_AT,
  INODE_BODY_BYTES,
  INODE_BYTES,
  INODE_EXTRA_BYTES,
  INODE_XATTRS_AT,
  SECTORS_PER_BLOCK,
} from './format.ts';
import type { InodeSlot } from './inode-table.ts';

/** What an inode says, whoever it belongs to. */
export type Inode = {
  /** With the file type. */
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  mtime: Timestamp;
  /** The time of creation and of the last change of status. */
  createdAt: Timestamp;
  links: number;
  /** All blocks it takes: contents, extents, attributes. */
  blocks: number;
  flags: number;
  xattrs?: Buffer | undefined;
  xattrBlock?: number | undefined;
};

/**
 * Seconds have 32 bits and two more for the epoch. What lies beyond is cut off in the year 2310:
 * e2fsck takes later times for times before 1970 that an old kernel wrote wrongly.
 */
const MIN_SECONDS = -(2 ** 31);
const MAX_SECONDS = 5 * 2 ** 31 - 1;

const CHECKSUM_LOW_AT = 124;
const CHECKSUM_HIGH_AT = 130;

/** Everything that belongs to one inode is summed from here; its generation is always 0. */
export function inodeSeed(seed: number, inode: number): number {
  return crc32cWord(crc32cWord(seed, inode), 0);
}

export function bodyOf({ records, at }: InodeSlot): Buffer {
  return records.subarray(at + INODE_BODY_AT, at + INODE_BODY_AT + INODE_BODY_BYTES);
}

/** Fills the record in, which is zeroed but for the body. */
export function encodeInode({ records: table, at }: InodeSlot, inode: Inode, seed: number): void {
  const sectors = inode.blocks * SECTORS_PER_BLOCK;
  const xattrBlock = inode.xattrBlock ?? 0;
  table.writeUInt16LE(inode.mode, at);
  table.writeUInt16LE(inode.uid & 0xffff, at + 2);
  table.writeUInt32LE(inode.sizeBytes % 2 ** 32, at + 4);
  table.writeUInt16LE(inode.gid & 0xffff, at + 24);
  table.writeUInt16LE(inode.links, at + 26);
  table.writeUInt32LE(sectors % 2 ** 32, at + 28);
  table.writeUInt32LE(inode.flags, at + 32);
  table.writeUInt32LE(xattrBlock % 2 ** 32, at + 104);
  table.writeUInt32LE(Math.floor(inode.sizeBytes / 2 ** 32), at + 108);
  table.writeUInt16LE(Math.floor(sectors / 2 ** 32), at + 116);
  table.writeUInt16LE(Math.floor(xattrBlock / 2 ** 32), at + 118);
  table.writeUInt16LE(inode.uid >>> 16, at + 120);
  table.writeUInt16LE(inode.gid >>> 16, at + 122);
  table.writeUInt16LE(INODE_EXTRA_BYTES, at + 128);
  encodeTimes(table, at, inode);
  inode.xattrs?.copy(table, at + INODE_XATTRS_AT);
  const checksum = crc32c(seed, table, at, at + INODE_BYTES);
  table.writeUInt16LE(checksum & 0xffff, at + CHECKSUM_LOW_AT);
  table.writeUInt16LE(checksum >>> 16, at + CHECKSUM_HIGH_AT);
}

/** Nobody has read the file yet: its access time is that of its content. */
function encodeTimes(table: Buffer, at: number, { mtime, createdAt }: Inode): void {
  encodeTime(table, at + 8, at + 140, mtime);
  encodeTime(table, at + 12, at + 132, createdAt);
  encodeTime(table, at + 16, at + 136, mtime);
  encodeTime(table, at + 144, at + 148, createdAt);
}

function encodeTime(table: Buffer, at: number, extraAt: number, time: Timestamp): void {
  const seconds = Math.min(Math.max(time.seconds, MIN_SECONDS), MAX_SECONDS);
  const epoch = Math.floor((seconds + 2 ** 31) / 2 ** 32);
  table.writeInt32LE(seconds - epoch * 2 ** 32, at);
  table.writeUInt32LE(((time.nanoseconds << 2) | epoch) >>> 0, extraAt);
}
