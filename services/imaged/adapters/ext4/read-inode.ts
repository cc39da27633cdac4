import type { NodeAttributes, Timestamp } from '../../domain/file-tree.ts';
import { FILE_TYPES, INODE_BODY_AT, INODE_BODY_BYTES, MODE_TYPE } from './format.ts';
import { corrupt, type ImageFile } from './read-image.ts';

export type ImageInode = Omit<NodeAttributes, 'xattrs'> & {
  kind: keyof typeof FILE_TYPES;
  sizeBytes: number;
  flags: number;
  /** `i_block`. */
  body: Buffer;
  xattrBlock: number;
  /** What follows the fields: extended attributes, if any. */
  xattrArea: Buffer;
};

/** The contents stand in the inode itself, or are encrypted. */
const UNREADABLE_FLAGS = 0x10000000 | 0x800;

const OLD_BYTES = 128;

export async function readInode(image: ImageFile, inode: number): Promise<ImageInode> {
  const record = await image.readInodeRecord(inode);
  const mode = record.readUInt16LE(0);
  const kind = kindOf(mode);
  const flags = record.readUInt32LE(32);
  if (kind === undefined || (flags & UNREADABLE_FLAGS) !== 0) {
    throw corrupt(`inode "${inode}" is nothing that can be read`);
  }
  const extraBytes = record.length > OLD_BYTES ? record.readUInt16LE(OLD_BYTES) : 0;
  const hasTimes = extraBytes >= 12 && OLD_BYTES + extraBytes <= record.length;
  return {
    kind,
    mode: mode & ~MODE_TYPE,
    uid: record.readUInt16LE(120) * 2 ** 16 + record.readUInt16LE(2),
    gid: record.readUInt16LE(122) * 2 ** 16 + record.readUInt16LE(24),
    sizeBytes: record.readUInt32LE(108) * 2 ** 32 + record.readUInt32LE(4),
    mtime: toTimestamp(record.readInt32LE(16), hasTimes ? record.readUInt32LE(136) : 0),
    flags,
    body: record.subarray(INODE_BODY_AT, INODE_BODY_AT + INODE_BODY_BYTES),
    xattrBlock: record.readUInt16LE(118) * 2 ** 32 + record.readUInt32LE(104),
    xattrArea: record.subarray(Math.min(OLD_BYTES + extraBytes, record.length)),
  };
}

function kindOf(mode: number): ImageInode['kind'] | undefined {
  const kinds = Object.keys(FILE_TYPES) as ImageInode['kind'][];
  return kinds.find((kind) => FILE_TYPES[kind].mode === (mode & MODE_TYPE));
}

function toTimestamp(low: number, extra: number): Timestamp {
  return { seconds: low + (extra & 3) * 2 ** 32, nanoseconds: extra >>> 2 };
}
