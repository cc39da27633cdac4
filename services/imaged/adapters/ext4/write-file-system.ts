import type { FileTree } from '../../domain/file-tree.ts';
import type { BlockSpace } from './block-space.ts';
import { takeCensus, withRescueFolder } from './census.ts';
import type { Contents } from './contents.ts';
import { crc32c } from './crc32c.ts';
import type { ParsedOptions } from './disk-options.ts';
import { fewestGroups, type SettledSize, settleSize } from './disk-size.ts';
import { BLOCK_BYTES, DESCRIPTORS_PER_BLOCK } from './format.ts';
import { chooseInodesPerGroup, GroupPlaces } from './group-places.ts';
import { InodeTable } from './inode-table.ts';
import { encodeJournalHead, journalBlocks } from './journal.ts';
import type { HashWords } from './name-hash.ts';
import { makeSpareTable } from './resize-inode.ts';
import type { StagedWriter } from './staged-writer.ts';
import type { FileSystem } from './superblock.ts';
import { type SystemInodes, writeJournalInode, writeResizeInode } from './system-inodes.ts';
import { writeGroups } from './write-groups.ts';
import { writeHeads } from './write-heads.ts';
import { writeNodes } from './write-nodes.ts';

export type FileSystemFigures = { sizeBytes: number; freeBytes: number; freeInodes: number };

/** What the contents went through, and everything else now goes through. */
export type Volume = {
  space: BlockSpace;
  writer: StagedWriter;
  contents: Contents;
  options: ParsedOptions;
};

/** Order matters: the size is settled when every block has been taken, and all that counts groups follows. */
export async function writeFileSystem(volume: Volume, tree: FileTree): Promise<FileSystemFigures> {
  const { space, writer, contents, options } = volume;
  const { createdAt, uuid } = options;
  const seed = crc32c(~0, uuid);
  const census = takeCensus(withRescueFolder(tree.root, createdAt));
  const { lastInode } = census;
  const groups = fewestGroups(space, options.size);
  const places = new GroupPlaces(space, chooseInodesPerGroup(lastInode, groups));
  places.cover(lastInode);
  const table = new InodeTable(writer, places);
  const own = { table, seed, createdAt };
  await writeNodes({ census, contents, hashSeed: wordsOf(uuid), ...own });
  const journal = await storeJournal(volume, own);
  const listBlock = space.takeBlock();
  places.cover(lastInode);
  const size = settleSize(space, places, lastInode, options.size);
  const spare = await storeResizeInode(volume, own, listBlock, size);
  await table.finish(lastInode);
  const descriptors = await writeGroups({ size, places, space, census, seed, writer });
  const inodes = size.groups * places.inodesPerGroup;
  const counts = { inodes, freeInodes: inodes - lastInode, inodesPerGroup: places.inodesPerGroup };
  const fileSystem = { ...options, ...size, ...counts, ...journal, ...spare };
  await writeHeads(writer, fileSystem, descriptors, spare.spares);
  await writer.flush();
  return {
    sizeBytes: size.diskBlocks * BLOCK_BYTES,
    freeBytes: size.freeBlocks * BLOCK_BYTES,
    freeInodes: counts.freeInodes,
  };
}

function wordsOf(uuid: Buffer): HashWords {
  return [uuid.readInt32LE(0), uuid.readInt32LE(4), uuid.readInt32LE(8), uuid.readInt32LE(12)];
}

async function storeJournal(
  { space, writer, contents }: Volume,
  own: SystemInodes,
): Promise<Pick<FileSystem, 'journalBody' | 'journalBytes'>> {
  const blocks = journalBlocks(space.limitBlocks);
  const runs = space.takeFresh(blocks);
  const journalBody = await writeJournalInode(own, runs, contents);
  await writer.put(runs[0]?.start ?? 0, encodeJournalHead(blocks));
  return { journalBody, journalBytes: blocks * BLOCK_BYTES };
}

/** Returns the blocks that follow the descriptors. */
async function storeResizeInode(
  { options, writer }: Volume,
  own: SystemInodes,
  listBlock: number,
  { groups }: SettledSize,
): Promise<{ spares: Buffer; spareTableBlocks: number }> {
  const usedTableBlocks = Math.ceil(groups / DESCRIPTORS_PER_BLOCK);
  const { list, spares, blocks } = makeSpareTable(options.head, usedTableBlocks, groups);
  await writeResizeInode(own, listBlock, blocks);
  await writer.put(listBlock, list);
  return { spares, spareTableBlocks: options.head.tableBlocks - usedTableBlocks };
}
