import type { ContentRun } from '../../domain/file-tree.ts';
import { printableName } from '../../domain/printable-name.ts';
import { DIRECTORY_HEADER_BYTES } from './leaf.ts';
import type { ReadBudget } from './read-budget.ts';
import { readRuns } from './read-extents.ts';
import { corrupt, type ImageFile } from './read-image.ts';
import type { ImageInode } from './read-inode.ts';

/** Names and inodes of a folder but for `.` and `..`; the index of a large one looks empty. */
export async function readDirectory(
  image: ImageFile,
  inode: ImageInode,
  budget: ReadBudget,
): Promise<Map<string, number>> {
  const children = new Map<string, number>();
  for (const block of eachBlock(await readRuns(image, inode))) {
    budget.spendEntries(1);
    for (const [name, child] of parseLeaf(await image.readBlock(block))) {
      budget.spendEntries(1);
      if (children.has(name)) throw corrupt(`a folder has the name ${printableName(name)} twice`);
      children.set(name, child);
    }
  }
  return children;
}

function* eachBlock(runs: readonly ContentRun[]): Generator<number> {
  for (const { diskBlock, blocks } of runs) {
    for (let block = 0; block < blocks; block++) yield diskBlock + block;
  }
}

function* parseLeaf(block: Buffer): Generator<[name: string, inode: number]> {
  for (let at = 0; at < block.length; ) {
    const left = block.length - at;
    const bytes = left < DIRECTORY_HEADER_BYTES ? 0 : block.readUInt16LE(at + 4);
    const nameBytes = left < DIRECTORY_HEADER_BYTES ? 0 : block.readUInt8(at + 6);
    const fits = bytes % 4 === 0 && bytes <= left && DIRECTORY_HEADER_BYTES + nameBytes <= bytes;
    if (!fits) throw corrupt('an entry of a folder is not sound');
    const inode = block.readUInt32LE(at);
    const nameAt = at + DIRECTORY_HEADER_BYTES;
    const name = block.toString('latin1', nameAt, nameAt + nameBytes);
    if (inode !== 0 && name !== '.' && name !== '..') yield [checkName(name), inode];
    at += bytes;
  }
}

function checkName(name: string): string {
  if (name !== '' && !/[/\0]/.test(name)) return name;
  throw corrupt(`a folder has the name ${printableName(name)}`);
}
