import type { ContentRun } from '../../domain/file-tree.ts';
import type { Contents } from './contents.ts';
import { crc32c } from './crc32c.ts';
import { BLOCK_BYTES, INODE_BODY_BYTES } from './format.ts';

/*
 * A node is a header of 12 bytes and entries of 12 bytes: at depth 0 the extents, above it the
 * blocks of the nodes below. The root lies in the inode; nodes in blocks end with a checksum.
 */
export const EXTENT_MAGIC = 0xf30a;
export const EXTENT_ENTRY_BYTES = 12;
const IN_INODE = INODE_BODY_BYTES / EXTENT_ENTRY_BYTES - 1;
const IN_BLOCK = Math.floor((BLOCK_BYTES - 4) / EXTENT_ENTRY_BYTES) - 1;
const CHECKSUM_AT = EXTENT_ENTRY_BYTES * (1 + IN_BLOCK);

/** Lengths above this one mark extents that are allocated but read as zeros. */
export const MAX_EXTENT_BLOCKS = 0x8000;

/** An extent, or for an index entry the block of a node and the first file block below it. */
type Entry = { fileBlock: number; diskBlock: number; blocks?: number };

/** Lays the tree out bottom-up and leaves its root in `body`; returns how many blocks it took. */
export async function storeExtents(
  body: Buffer,
  runs: readonly ContentRun[],
  inodeSeed: number,
  contents: Contents,
): Promise<number> {
  let entries: readonly Entry[] = splitLongRuns(runs);
  let depth = 0;
  let nodes = 0;
  for (; entries.length > IN_INODE; depth++) {
    const parents: Entry[] = [];
    for (let from = 0; from < entries.length; from += IN_BLOCK) {
      const node = encodeBlock(entries.slice(from, from + IN_BLOCK), depth, inodeSeed);
      const diskBlock = await contents.storeBlock(() => node);
      parents.push({ fileBlock: entries[from]?.fileBlock ?? 0, diskBlock });
    }
    nodes += parents.length;
    entries = parents;
  }
  encodeNode(body, entries, depth, IN_INODE);
  return nodes;
}

function splitLongRuns(runs: readonly ContentRun[]): readonly ContentRun[] {
  if (runs.every((run) => run.blocks <= MAX_EXTENT_BLOCKS)) return runs;
  return runs.flatMap((run) => {
    const pieces: ContentRun[] = [];
    for (let done = 0; done < run.blocks; done += MAX_EXTENT_BLOCKS) {
      pieces.push({
        fileBlock: run.fileBlock + done,
        diskBlock: run.diskBlock + done,
        blocks: Math.min(MAX_EXTENT_BLOCKS, run.blocks - done),
      });
    }
    return pieces;
  });
}

function encodeBlock(entries: readonly Entry[], depth: number, inodeSeed: number): Buffer {
  const node = Buffer.alloc(BLOCK_BYTES);
  encodeNode(node, entries, depth, IN_BLOCK);
  node.writeUInt32LE(crc32c(inodeSeed, node, 0, CHECKSUM_AT), CHECKSUM_AT);
  return node;
}

function encodeNode(
  target: Buffer,
  entries: readonly Entry[],
  depth: number,
  capacity: number,
): void {
  target.writeUInt16LE(EXTENT_MAGIC, 0);
  target.writeUInt16LE(entries.length, 2);
  target.writeUInt16LE(capacity, 4);
  target.writeUInt16LE(depth, 6);
  let at = EXTENT_ENTRY_BYTES;
  for (const { fileBlock, diskBlock, blocks } of entries) {
    const low = diskBlock % 2 ** 32;
    const high = Math.floor(diskBlock / 2 ** 32);
    target.writeUInt32LE(fileBlock, at);
    if (blocks === undefined) {
      target.writeUInt32LE(low, at + 4);
      target.writeUInt16LE(high, at + 8);
    } else {
      target.writeUInt16LE(blocks, at + 4);
      target.writeUInt16LE(high, at + 6);
      target.writeUInt32LE(low, at + 8);
    }
    at += EXTENT_ENTRY_BYTES;
  }
}
