import { clearBits, countClearBits, setBits } from './bitmap.ts';
import { headBlocks } from './block-groups.ts';
import type { BlockSpace } from './block-space.ts';
import { type Census, inodeAt } from './census.ts';
import type { SettledSize } from './disk-size.ts';
import { BLOCK_BYTES, BLOCKS_PER_GROUP, DESCRIPTOR_BYTES } from './format.ts';
import { encodeDescriptor } from './group-descriptor.ts';
import type { GroupPlaces } from './group-places.ts';
import type { StagedWriter } from './staged-writer.ts';

export type Groups = {
  size: SettledSize;
  places: GroupPlaces;
  space: BlockSpace;
  census: Census;
  /** Starts all checksums of the file system. */
  seed: number;
  writer: StagedWriter;
};

/** Writes the bitmaps that are needed; returns the descriptors of all groups. */
export async function writeGroups(groups: Groups): Promise<Buffer> {
  const { size, places, seed, writer } = groups;
  const descriptors = Buffer.alloc(roundUp(size.groups * DESCRIPTOR_BYTES));
  const directories = countDirectories(groups);
  const moved = markMovedGroups(groups);
  for (let group = 0; group < size.groups; group++) {
    const usedInodes = inodesUsed(groups, group);
    const blockBitmap = blockBitmapOf(groups, moved, group);
    const inodeBitmap = usedInodes > 0 ? markInodes(places, usedInodes) : undefined;
    const place = places.of(group);
    if (blockBitmap !== undefined) await writer.put(place.blockBitmap, blockBitmap);
    if (inodeBitmap !== undefined) await writer.put(place.inodeBitmap, inodeBitmap);
    const descriptor = {
      place,
      freeBlocks: blockBitmap ? countClearBits(blockBitmap) : unusedBlocks(groups, group),
      freeInodes: places.inodesPerGroup - usedInodes,
      directories: directories[group] ?? 0,
      blockBitmap,
      inodeBitmap,
      inodesPerGroup: places.inodesPerGroup,
    };
    encodeDescriptor(descriptors, group, descriptor, seed);
  }
  return descriptors;
}

/** The block bitmaps of all groups whose places are moved, in one piece. */
function markMovedGroups({ size, places, space }: Groups): Buffer {
  const bitmaps = Buffer.alloc(places.moved * BLOCK_BYTES);
  const bits = bitmaps.length * 8;
  setBits(bitmaps, 0, Math.min(space.frontier, bits));
  for (const { start, blocks } of space.freedRuns()) clearBits(bitmaps, start, start + blocks);
  const firstFresh = Math.ceil(space.frontier / BLOCKS_PER_GROUP);
  for (let group = firstFresh; group < places.moved; group++) {
    const start = group * BLOCKS_PER_GROUP;
    setBits(bitmaps, start, start + headBlocks(space.head, group));
  }
  setBits(bitmaps, Math.min(size.blocks, bits), bits);
  return bitmaps;
}

/**
 * Absent for groups in which nothing is used but their own metadata. The last one is always written:
 * the kernel does not make up the bits behind the end of the disk.
 */
function blockBitmapOf(groups: Groups, moved: Buffer, group: number): Buffer | undefined {
  const { size, places } = groups;
  if (group < places.moved) return moved.subarray(group * BLOCK_BYTES, (group + 1) * BLOCK_BYTES);
  if (group < size.groups - 1) return undefined;
  const bitmap = Buffer.alloc(BLOCK_BYTES);
  setBits(bitmap, 0, places.overhead(group));
  setBits(bitmap, blocksIn(size, group), BLOCKS_PER_GROUP);
  return bitmap;
}

function unusedBlocks({ size, places }: Groups, group: number): number {
  return blocksIn(size, group) - places.overhead(group);
}

function blocksIn({ blocks }: SettledSize, group: number): number {
  return Math.min(BLOCKS_PER_GROUP, blocks - group * BLOCKS_PER_GROUP);
}

function inodesUsed({ places, census }: Groups, group: number): number {
  const before = group * places.inodesPerGroup;
  return Math.min(Math.max(census.lastInode - before, 0), places.inodesPerGroup);
}

function markInodes({ inodesPerGroup }: GroupPlaces, used: number): Buffer {
  const bitmap = Buffer.alloc(BLOCK_BYTES);
  setBits(bitmap, 0, used);
  setBits(bitmap, inodesPerGroup, bitmap.length * 8);
  return bitmap;
}

function countDirectories({ size, places, census }: Groups): Uint32Array {
  const counts = new Uint32Array(size.groups);
  for (const [index, node] of census.nodes.entries()) {
    if (node.kind !== 'directory') continue;
    const group = Math.floor((inodeAt(index) - 1) / places.inodesPerGroup);
    counts[group] = (counts[group] ?? 0) + 1;
  }
  return counts;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
