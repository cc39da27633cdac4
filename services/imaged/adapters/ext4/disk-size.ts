import { type BlockSpace, diskFull } from './block-space.ts';
import type { DiskSize } from './disk-options.ts';
import { BLOCK_BYTES, BLOCKS_PER_GROUP } from './format.ts';
import type { GroupPlaces } from './group-places.ts';

/** A last group with less space than this is not worth having; mke2fs leaves it out as well. */
const MIN_USEFUL_BLOCKS = 50;

/** Steps to a size that is large enough are at least this long. */
const MIN_STEP_BLOCKS = 256;

/** The disk may be a few blocks longer than its file system, where the last group was left out. */
export type SettledSize = {
  diskBlocks: number;
  blocks: number;
  groups: number;
  freeBlocks: number;
};

/** The fewest groups that the disk can turn out to have. */
export function fewestGroups(space: BlockSpace, size: DiskSize): number {
  const blocks =
    'exactBytes' in size ? size.exactBytes / BLOCK_BYTES : space.frontier + freeWanted(size);
  return Math.max(1, Math.floor(blocks / BLOCKS_PER_GROUP));
}

/** Decides how large the disk is, once all that it holds has its place. */
export function settleSize(
  space: BlockSpace,
  places: GroupPlaces,
  inodes: number,
  size: DiskSize,
): SettledSize {
  if ('exactBytes' in size) {
    const settled = measure(space, places, Math.floor(size.exactBytes / BLOCK_BYTES));
    if (isTooSmall(settled, space, places, inodes)) throw diskFull(space.limitBlocks);
    return settled;
  }
  const wanted = freeWanted(size);
  for (let blocks = space.frontier + wanted; ; ) {
    if (blocks > space.limitBlocks) throw diskFull(space.limitBlocks);
    const settled = measure(space, places, blocks);
    const missing = wanted - settled.freeBlocks;
    if (missing <= 0 && !isTooSmall(settled, space, places, inodes)) return settled;
    blocks += Math.max(missing, MIN_STEP_BLOCKS);
  }
}

function freeWanted(size: DiskSize): number {
  return 'freeBytes' in size ? Math.ceil(size.freeBytes / BLOCK_BYTES) : 0;
}

function isTooSmall(
  { blocks, groups }: SettledSize,
  space: BlockSpace,
  places: GroupPlaces,
  inodes: number,
): boolean {
  return blocks < space.frontier || groups * places.inodesPerGroup < inodes;
}

function measure(space: BlockSpace, places: GroupPlaces, diskBlocks: number): SettledSize {
  const blocks = withoutStub(places, diskBlocks);
  const groups = Math.ceil(blocks / BLOCKS_PER_GROUP);
  let freeBlocks = blocks - space.frontier;
  for (const { blocks: freed } of space.freedRuns()) freeBlocks += freed;
  const firstFresh = Math.ceil(space.frontier / BLOCKS_PER_GROUP);
  for (let group = firstFresh; group < groups; group++) freeBlocks -= places.overhead(group);
  return { diskBlocks, blocks, groups, freeBlocks };
}

function withoutStub(places: GroupPlaces, blocks: number): number {
  const rest = blocks % BLOCKS_PER_GROUP;
  const group = (blocks - rest) / BLOCKS_PER_GROUP;
  const isStub = group > 0 && rest < places.overhead(group) + MIN_USEFUL_BLOCKS;
  return isStub ? blocks - rest : blocks;
}
