import { BLOCK_BYTES } from './format.ts';
import { countTreeBlocks, encodeTree, growTree } from './htree.ts';
import {
  type DirectoryEntry,
  type DirectoryIdentity,
  encodeLeaf,
  entryBytes,
  LEAF_BYTES,
  selfAndParent,
} from './leaf.ts';
import type { HashWords } from './name-hash.ts';

/** Each block is good until the next one is asked for. */
export type EncodedDirectory = { sizeBytes: number; isTree: boolean; blocks: Iterable<Buffer> };

/** One block while the entries fit into it, as the kernel does, then a tree. */
export function encodeDirectory(
  directory: DirectoryIdentity,
  children: readonly DirectoryEntry[],
  hashSeed: HashWords,
): EncodedDirectory {
  const ownEntries = selfAndParent(directory);
  let bytes = 0;
  for (const { name } of ownEntries) bytes += entryBytes(name);
  for (const { name } of children) bytes += entryBytes(name);
  if (bytes <= LEAF_BYTES) {
    const block = Buffer.alloc(BLOCK_BYTES);
    encodeLeaf(block, [...ownEntries, ...children], directory.seed);
    return { sizeBytes: BLOCK_BYTES, isTree: false, blocks: [block] };
  }
  const tree = growTree(children, hashSeed);
  const sizeBytes = countTreeBlocks(tree) * BLOCK_BYTES;
  return { sizeBytes, isTree: true, blocks: encodeTree(directory, tree) };
}
