import { headBlocks } from './block-groups.ts';
import type { BlockSpace } from './block-space.ts';
import { BLOCK_BYTES, BLOCKS_PER_GROUP, INODES_PER_BLOCK } from './format.ts';

/** Where a group has its bitmaps and its table of inodes. */
export type GroupPlace = { blockBitmap: number; inodeBitmap: number; inodeTable: number };

/** One inode for 16 KiB of disk, as mke2fs has it, or more where files are smaller than that. */
const MIN_INODES_PER_GROUP = BLOCKS_PER_GROUP / 4;
const MAX_INODES_PER_GROUP = 8 * BLOCK_BYTES;
/** A quarter more than there are files. */
const INODE_HEADROOM = 1.25;

export function chooseInodesPerGroup(inodes: number, groups: number): number {
  const wanted = Math.ceil((inodes * INODE_HEADROOM) / groups / INODES_PER_BLOCK);
  const bounded = Math.max(MIN_INODES_PER_GROUP, wanted * INODES_PER_BLOCK);
  return Math.min(bounded, MAX_INODES_PER_GROUP);
}

/**
 * The groups that contents reach into have their bitmaps and tables where there is room, behind the
 * contents (`flex_bg`); the groups behind have theirs at their own head. Of the latter nothing else
 * is used, so the kernel can make up their bitmaps and nothing of them is written.
 */
export class GroupPlaces {
  readonly inodesPerGroup: number;
  readonly tableBlocks: number;
  readonly #space: BlockSpace;
  readonly #moved: GroupPlace[] = [];

  constructor(space: BlockSpace, inodesPerGroup: number) {
    this.#space = space;
    this.inodesPerGroup = inodesPerGroup;
    this.tableBlocks = inodesPerGroup / INODES_PER_BLOCK;
  }

  /** How many groups, from the first on, are not at their own head. */
  get moved(): number {
    return this.#moved.length;
  }

  /** Finds places for all groups that are reached or hold one of so many inodes: may reach new ones itself. */
  cover(inodes: number): void {
    const isMissing = () =>
      this.moved * BLOCKS_PER_GROUP < this.#space.frontier ||
      this.moved * this.inodesPerGroup < inodes;
    while (isMissing()) {
      this.#moved.push({
        blockBitmap: this.#space.takeFreshRun(1),
        inodeBitmap: this.#space.takeFreshRun(1),
        inodeTable: this.#space.takeFreshRun(this.tableBlocks),
      });
    }
  }

  of(group: number): GroupPlace {
    const start = group * BLOCKS_PER_GROUP + headBlocks(this.#space.head, group);
    const own = { blockBitmap: start, inodeBitmap: start + 1, inodeTable: start + 2 };
    return this.#moved[group] ?? own;
  }

  /** What a group takes of its own blocks before anything is stored in it. */
  overhead(group: number): number {
    const head = headBlocks(this.#space.head, group);
    return group < this.moved ? head : head + 2 + this.tableBlocks;
  }
}
