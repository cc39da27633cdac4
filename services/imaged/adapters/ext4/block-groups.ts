import { BLOCKS_PER_GROUP, DESCRIPTORS_PER_BLOCK } from './format.ts';

/**
 * The blocks at the head of group 0, and of every group with a backup, that hold the superblock and
 * the table of group descriptors. The table is given its size for the largest disk the image may
 * grow to, so that growing it on line never has to move what lies behind.
 */
export type Head = { readonly tableBlocks: number };

/** The resize inode lists the spare table blocks in one block of 1024 numbers. */
const MAX_TABLE_BLOCKS = 1024;

/** 65,472 groups of 128 MiB. */
export const MAX_DISK_BLOCKS = (MAX_TABLE_BLOCKS - 1) * DESCRIPTORS_PER_BLOCK * BLOCKS_PER_GROUP;

/** One block more than needed: a resize inode without any spare block is a special case nowhere tested. */
export function headFor(maximumBlocks: number): Head {
  const groups = Math.ceil(maximumBlocks / BLOCKS_PER_GROUP);
  return { tableBlocks: Math.ceil(groups / DESCRIPTORS_PER_BLOCK) + 1 };
}

export function headBlocks(head: Head, group: number): number {
  return group === 0 || hasBackup(group) ? 1 + head.tableBlocks : 0;
}

/** The `sparse_super` rule: backups live in group 1 and the powers of 3, 5 and 7. */
function hasBackup(group: number): boolean {
  return [3, 5, 7].some((base) => {
    let power = 1;
    while (power < group) power *= base;
    return power === group;
  });
}

/** The groups below `end` that hold a backup, in order. */
export function backupGroups(end: number): number[] {
  const groups = new Set<number>(end > 1 ? [1] : []);
  for (const base of [3, 5, 7]) for (let g = base; g < end; g *= base) groups.add(g);
  return [...groups].sort((a, b) => a - b);
}
