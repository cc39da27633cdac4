import type { ContentRun, Timestamp } from '../../domain/file-tree.ts';
import type { Contents } from './contents.ts';
import { storeExtents } from './extents.ts';
import {
  BLOCK_BYTES,
  type BlockRun,
  FILE_TYPES,
  INODE_EXTENTS,
  JOURNAL_INODE,
  RESIZE_INODE,
} from './format.ts';
import { bodyOf, encodeInode, inodeSeed } from './inode.ts';
import type { InodeSlot, InodeTable } from './inode-table.ts';
import { encodeResizeBody, RESIZE_INODE_BYTES } from './resize-inode.ts';

/** What all inodes of the file system itself have in common. */
export type SystemInodes = { table: InodeTable; seed: number; createdAt: Timestamp };

type SystemFile = { inode: number; sizeBytes: number; blocks: number; flags: number };

/** The journal's blocks must be fresh ones, which read as zeros. Returns the body, of which a copy is kept. */
export async function writeJournalInode(
  inodes: SystemInodes,
  runs: readonly BlockRun[],
  contents: Contents,
): Promise<Buffer> {
  const slot = await inodes.table.slot(JOURNAL_INODE);
  const body = bodyOf(slot);
  const seed = inodeSeed(inodes.seed, JOURNAL_INODE);
  const nodes = await storeExtents(body, toContentRuns(runs), seed, contents);
  const blocks = runs.reduce((sum, run) => sum + run.blocks, 0);
  const sizeBytes = blocks * BLOCK_BYTES;
  const file = { inode: JOURNAL_INODE, sizeBytes, blocks: blocks + nodes, flags: INODE_EXTENTS };
  encodeSystemInode(inodes, slot, file);
  return body;
}

/** `listBlock` is the double indirect block; `blocks` is how many the inode accounts for. */
export async function writeResizeInode(
  inodes: SystemInodes,
  listBlock: number,
  blocks: number,
): Promise<void> {
  const slot = await inodes.table.slot(RESIZE_INODE);
  encodeResizeBody(bodyOf(slot), listBlock);
  const file = { inode: RESIZE_INODE, sizeBytes: RESIZE_INODE_BYTES, blocks, flags: 0 };
  encodeSystemInode(inodes, slot, file);
}

function encodeSystemInode(
  { seed, createdAt }: SystemInodes,
  slot: InodeSlot,
  file: SystemFile,
): void {
  const mode = FILE_TYPES.file.mode | 0o600;
  const owned = { mode, uid: 0, gid: 0, mtime: createdAt, createdAt, links: 1 };
  encodeInode(slot, { ...owned, ...file }, inodeSeed(seed, file.inode));
}

function toContentRuns(runs: readonly BlockRun[]): ContentRun[] {
  let fileBlock = 0;
  return runs.map(({ start, blocks }) => {
    fileBlock += blocks;
    return { fileBlock: fileBlock - blocks, diskBlock: start, blocks };
  });
}
