import { BLOCK_BYTES } from './format.ts';
import { encodeHashedDirectory } from './htree.ts';
import {
  type DirectoryEntry,
  type DirectoryIdentity,
  encodeLeaf,
  entryBytes,
  LEAF_BYTES,
  selfAndParent,
} from './leaf.ts';
import type { HashWords } from './name-hash.ts';

export type EncodedDirectory = { bytes: Buffer; hashed: boolean };

/** One block while the entries fit into it, as the kernel does, then a tree. */
export function encodeDirectory(
  directory: DirectoryIdentity,
  children: readonly DirectoryEntry[],
  hashSeed: HashWords,
): EncodedDirectory {
  const entries = [...selfAndParent(directory), ...children];
  const bytes = entries.reduce((sum, { name }) => sum + entryBytes(name), 0);
  if (bytes > LEAF_BYTES) {
    return { bytes: encodeHashedDirectory(directory, children, hashSeed), hashed: true };
  }
  const block = Buffer.alloc(BLOCK_BYTES);
  encodeLeaf(block, entries, directory.seed);
  return { bytes: block, hashed: false };
}
