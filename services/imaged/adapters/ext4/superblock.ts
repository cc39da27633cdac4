import type { Timestamp } from '../../domain/file-tree.ts';
import { crc32c } from './crc32c.ts';
import {
  BLOCKS_PER_GROUP,
  DESCRIPTOR_BYTES,
  FIRST_FREE_INODE,
  INODE_BYTES,
  INODE_EXTRA_BYTES,
  JOURNAL_INODE,
} from './format.ts';

export const SUPERBLOCK_BYTES = 1024;
export const SUPERBLOCK_MAGIC = 0xef53;

const COMPATIBLE = {
  hasJournal: 0x4,
  extendedAttributes: 0x8,
  resizeInode: 0x10,
  indexedDirectories: 0x20,
};
const INCOMPATIBLE = { fileTypes: 0x2, extents: 0x40, wide: 0x80, flexibleGroups: 0x200 };
const READ_ONLY_COMPATIBLE = {
  sparseBackups: 0x1,
  largeFiles: 0x2,
  hugeFiles: 0x8,
  uncountedLinks: 0x20,
  extraInodeFields: 0x40,
  metadataChecksums: 0x400,
};

/** Kernel and e2fsck hash names as unsigned bytes on every machine when this is set. */
const UNSIGNED_HASH = 0x2;
const HALF_MD4 = 1;
const EXTENDED_ATTRIBUTES_AND_ACLS = 0xc;
const JOURNAL_INODE_COPIED = 1;
const CRC32C = 1;
/** Groups of a growth whose metadata the kernel packs together: 2 to the power of 4. */
const LOG_GROUPS_PER_FLEX = 4;
const NEVER = 0xffff;

export type FileSystem = {
  uuid: Buffer;
  label: Buffer;
  createdAt: Timestamp;
  blocks: number;
  freeBlocks: number;
  inodes: number;
  freeInodes: number;
  inodesPerGroup: number;
  /** Blocks behind the descriptors, for growth. */
  spareTableBlocks: number;
  /** `i_block` of the journal, should its inode be lost. */
  journalBody: Buffer;
  journalBytes: number;
};

/** `group` is the one this copy is kept in. */
export function encodeSuperblock(fileSystem: FileSystem, group: number): Buffer {
  const block = Buffer.alloc(SUPERBLOCK_BYTES);
  encodeCounts(block, fileSystem);
  encodeShape(block, group);
  encodeIdentity(block, fileSystem);
  encodeTimes(block, fileSystem.createdAt);
  encodeJournal(block, fileSystem);
  block.writeUInt16LE(fileSystem.spareTableBlocks, 0xce);
  block.writeUInt32LE(crc32c(~0, block, 0, SUPERBLOCK_BYTES - 4), SUPERBLOCK_BYTES - 4);
  return block;
}

function encodeCounts(block: Buffer, fileSystem: FileSystem): void {
  block.writeUInt32LE(fileSystem.inodes, 0x0);
  block.writeUInt32LE(fileSystem.blocks % 2 ** 32, 0x4);
  block.writeUInt32LE(fileSystem.freeBlocks % 2 ** 32, 0xc);
  block.writeUInt32LE(fileSystem.freeInodes, 0x10);
  block.writeUInt32LE(fileSystem.inodesPerGroup, 0x28);
  block.writeUInt32LE(Math.floor(fileSystem.blocks / 2 ** 32), 0x150);
  block.writeUInt32LE(Math.floor(fileSystem.freeBlocks / 2 ** 32), 0x158);
}

function encodeShape(block: Buffer, group: number): void {
  block.writeUInt32LE(2, 0x18); // block size: 1024 shifted by it
  block.writeUInt32LE(2, 0x1c); // cluster size, likewise
  block.writeUInt32LE(BLOCKS_PER_GROUP, 0x20);
  block.writeUInt32LE(BLOCKS_PER_GROUP, 0x24);
  block.writeUInt16LE(SUPERBLOCK_MAGIC, 0x38);
  block.writeUInt16LE(1, 0x3a); // state: clean
  block.writeUInt16LE(1, 0x3c); // on errors: go on
  block.writeUInt32LE(1, 0x4c); // revision, the one with the fields from here on
  block.writeUInt32LE(FIRST_FREE_INODE, 0x54);
  block.writeUInt16LE(INODE_BYTES, 0x58);
  block.writeUInt16LE(group, 0x5a);
  block.writeUInt32LE(sum(COMPATIBLE), 0x5c);
  block.writeUInt32LE(sum(INCOMPATIBLE), 0x60);
  block.writeUInt32LE(sum(READ_ONLY_COMPATIBLE), 0x64);
  block.writeUInt8(HALF_MD4, 0xfc);
  block.writeUInt16LE(DESCRIPTOR_BYTES, 0xfe);
  block.writeUInt32LE(EXTENDED_ATTRIBUTES_AND_ACLS, 0x100);
  block.writeUInt16LE(INODE_EXTRA_BYTES, 0x15c);
  block.writeUInt16LE(INODE_EXTRA_BYTES, 0x15e);
  block.writeUInt32LE(UNSIGNED_HASH, 0x160);
  block.writeUInt8(LOG_GROUPS_PER_FLEX, 0x174);
  block.writeUInt8(CRC32C, 0x175);
}

/** The hash seed only has to differ between disks whose users distrust each other: the UUID will do. */
function encodeIdentity(block: Buffer, { uuid, label }: FileSystem): void {
  uuid.copy(block, 0x68);
  label.copy(block, 0x78);
  uuid.copy(block, 0xec);
}

function encodeTimes(block: Buffer, { seconds }: Timestamp): void {
  const fields = [
    { low: 0x30, high: 0x270 }, // last written
    { low: 0x40, high: 0x273 }, // last checked
    { low: 0x108, high: 0x272 }, // made
  ];
  for (const { low, high } of fields) {
    block.writeUInt32LE(seconds % 2 ** 32, low);
    block.writeUInt8(Math.floor(seconds / 2 ** 32), high);
  }
  block.writeUInt16LE(NEVER, 0x36); // mounts until a check is due
}

function encodeJournal(block: Buffer, { journalBody, journalBytes }: FileSystem): void {
  block.writeUInt32LE(JOURNAL_INODE, 0xe0);
  block.writeUInt8(JOURNAL_INODE_COPIED, 0xfd);
  journalBody.copy(block, 0x10c);
  block.writeUInt32LE(journalBytes, 0x10c + 16 * 4);
}

function sum(features: Readonly<Record<string, number>>): number {
  return Object.values(features).reduce((all, bit) => all | bit, 0);
}
