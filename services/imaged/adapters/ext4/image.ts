import { open } from 'node:fs/promises';
import type { ContentWriter, FileTree } from '../../domain/file-tree.ts';
import { ROOT_INODE } from './format.ts';
import { ReadBudget, type ReadLimits } from './read-budget.ts';
import { readContent } from './read-content.ts';
import { readDirectory } from './read-directory.ts';
import { ImageFile } from './read-image.ts';
import { readInode } from './read-inode.ts';
import { readTree } from './read-tree.ts';

/** A folder with more names than this is not searched. */
const SEARCH_LIMITS: ReadLimits = { entries: 1_000_000, bytes: 0 };

/** An ext4 file system in a file, read without mounting it and without trusting it. */
export type Image = AsyncDisposable & {
  /** Copies the folder at a path; undefined where there is none. Links in the path are not followed. */
  findTree(
    path: string,
    contents: ContentWriter,
    limits: ReadLimits,
  ): Promise<FileTree | undefined>;
  /** The contents of a file at a path, which must be no larger than said. */
  findFile(path: string, maximumBytes: number): Promise<Buffer | undefined>;
};

export async function openImage(path: string): Promise<Image> {
  const file = await open(path, 'r');
  await using opened = new AsyncDisposableStack();
  opened.defer(() => file.close());
  const image = await ImageFile.open(file);
  const closing = opened.move();
  return {
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
    findTree: async (folder, contents, limits) => {
      const inode = await findInode(image, folder, 'directory');
      if (inode === undefined) return undefined;
      return readTree(image, inode, contents, new ReadBudget(limits));
    },
    findFile: async (name, maximumBytes) => {
      const inode = await findInode(image, name, 'file');
      if (inode === undefined) return undefined;
      return readContent(image, await readInode(image, inode), maximumBytes);
    },
  };
}

async function findInode(
  image: ImageFile,
  path: string,
  kind: 'directory' | 'file',
): Promise<number | undefined> {
  const names = Buffer.from(path).toString('latin1').split('/').filter(Boolean);
  let inode = ROOT_INODE;
  for (const name of names) {
    const folder = await readInode(image, inode);
    if (folder.kind !== 'directory') return undefined;
    const child = (await readDirectory(image, folder, new ReadBudget(SEARCH_LIMITS))).get(name);
    if (child === undefined) return undefined;
    inode = child;
  }
  return (await readInode(image, inode)).kind === kind ? inode : undefined;
}
