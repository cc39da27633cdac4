import { backupGroups, type Head } from './block-groups.ts';
import { BLOCK_BYTES, BLOCKS_PER_GROUP } from './format.ts';

/*
 * Growing on line needs the blocks behind the table of descriptors, of which the resize inode is the
 * owner: its double indirect block lists those behind the first table, and each of these lists the
 * ones of the same rank behind the backups.
 */
const NUMBERS_PER_BLOCK = BLOCK_BYTES / 4;
const DOUBLE_INDIRECT_AT = 13 * 4;

/** As if all double indirect blocks were there; only the few that are listed exist. */
export const RESIZE_INODE_BYTES = NUMBERS_PER_BLOCK * NUMBERS_PER_BLOCK * BLOCK_BYTES;

export type SpareTable = {
  /** Contents of the blocks that follow the descriptors in group 0, in order. */
  spares: Buffer;
  /** Contents of the double indirect block. */
  list: Buffer;
  /** What the resize inode accounts for. */
  blocks: number;
};

export function makeSpareTable(head: Head, usedTableBlocks: number, groups: number): SpareTable {
  const backups = backupGroups(groups);
  const count = head.tableBlocks - usedTableBlocks;
  const spares = Buffer.alloc(count * BLOCK_BYTES);
  const list = Buffer.alloc(BLOCK_BYTES);
  for (let spare = 0; spare < count; spare++) {
    const block = 1 + usedTableBlocks + spare;
    list.writeUInt32LE(block, (usedTableBlocks + spare) * 4);
    for (const [index, group] of backups.entries()) {
      spares.writeUInt32LE(group * BLOCKS_PER_GROUP + block, spare * BLOCK_BYTES + index * 4);
    }
  }
  return { spares, list, blocks: 1 + count * (1 + backups.length) };
}

export function encodeResizeBody(body: Buffer, listBlock: number): void {
  body.writeUInt32LE(listBlock, DOUBLE_INDIRECT_AT);
}
