import { BLOCK_BYTES, BLOCKS_PER_GROUP } from './format.ts';

/**
 * 16 MiB, whatever the disk grows to: unpacking 58,000 files takes no longer than with 64 MiB or
 * 256 MiB, and a guest writes the whole journal round and round, all of it into its overlay. 4 MiB,
 * the least a kernel accepts and half as fast, are for disks where more would hurt.
 */
const USUAL_BLOCKS = 4096;
const LEAST_BLOCKS = 1024;

export function journalBlocks(limitBlocks: number): number {
  return limitBlocks < BLOCKS_PER_GROUP ? LEAST_BLOCKS : USUAL_BLOCKS;
}

/**
 * The first block of an empty journal (jbd2, big-endian). The others must read as zeros: recovery
 * after a crash would take bytes of the right form, perhaps from an image, for transactions.
 */
export function encodeJournalHead(blocks: number): Buffer {
  const head = Buffer.alloc(BLOCK_BYTES);
  head.writeUInt32BE(0xc03b3998, 0);
  head.writeUInt32BE(4, 4); // block type: superblock, version 2
  head.writeUInt32BE(BLOCK_BYTES, 12);
  head.writeUInt32BE(blocks, 16);
  head.writeUInt32BE(1, 20); // first block of the log
  head.writeUInt32BE(1, 24); // first transaction expected in it
  head.writeUInt32BE(1, 64); // file systems that use it
  return head;
}
