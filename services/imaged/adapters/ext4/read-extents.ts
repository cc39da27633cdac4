import { BangerError } from '#kit/errors.ts';
import type { ContentRun } from '../../domain/file-tree.ts';
import { EXTENT_ENTRY_BYTES, EXTENT_MAGIC, MAX_EXTENT_BLOCKS } from './extents.ts';
import { INODE_EXTENTS } from './format.ts';
import { corrupt, type ImageFile } from './read-image.ts';
import type { ImageInode } from './read-inode.ts';

const MAX_DEPTH = 5;
const MAX_RUNS = 1_000_000;

/** The runs of a file in order; what was allocated but never written is left out, as a hole. */
export async function readRuns(image: ImageFile, inode: ImageInode): Promise<ContentRun[]> {
  if ((inode.flags & INODE_EXTENTS) === 0) {
    if (inode.sizeBytes === 0) return [];
    throw new BangerError('FEATURE_UNSUPPORTED', 'the image has files without extents, as ext3');
  }
  const walk: Walk = { image, runs: [], nextFileBlock: 0 };
  await readNode(walk, inode.body, MAX_DEPTH + 1);
  return walk.runs;
}

/** No node may start before what was read: so none is read twice, and the walk comes to an end. */
type Walk = { image: ImageFile; runs: ContentRun[]; nextFileBlock: number };

async function readNode(walk: Walk, node: Buffer, depthAbove: number): Promise<void> {
  const entries = node.readUInt16LE(2);
  const depth = node.readUInt16LE(6);
  const fits = EXTENT_ENTRY_BYTES * (1 + entries) <= node.length;
  const isRoot = depthAbove > MAX_DEPTH;
  const sound = node.readUInt16LE(0) === EXTENT_MAGIC && fits && (entries > 0 || isRoot);
  if (!sound || depth >= depthAbove) throw corrupt('a tree of extents is not sound');
  for (let at = EXTENT_ENTRY_BYTES; at <= EXTENT_ENTRY_BYTES * entries; at += EXTENT_ENTRY_BYTES) {
    const fileBlock = node.readUInt32LE(at);
    if (fileBlock < walk.nextFileBlock) throw corrupt('extents are out of order');
    if (depth === 0) addRun(walk, node, at);
    else await readNode(walk, await walk.image.readBlock(childOf(node, at)), depth);
  }
}

function childOf(node: Buffer, at: number): number {
  return node.readUInt16LE(at + 8) * 2 ** 32 + node.readUInt32LE(at + 4);
}

function addRun(walk: Walk, node: Buffer, at: number): void {
  const fileBlock = node.readUInt32LE(at);
  const length = node.readUInt16LE(at + 4);
  const isHole = length > MAX_EXTENT_BLOCKS;
  const blocks = isHole ? length - MAX_EXTENT_BLOCKS : length;
  const diskBlock = node.readUInt16LE(at + 6) * 2 ** 32 + node.readUInt32LE(at + 8);
  walk.image.checkBlocks(diskBlock, blocks);
  walk.nextFileBlock = fileBlock + blocks;
  if (blocks === 0 || walk.nextFileBlock > 2 ** 32 || walk.runs.length >= MAX_RUNS) {
    throw corrupt('an extent has no length, or there are too many');
  }
  if (!isHole) walk.runs.push({ fileBlock, diskBlock, blocks });
}
