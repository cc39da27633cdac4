import { open } from 'node:fs/promises';
import { ROOT_INODE } from './ext4/format.ts';
import { ReadBudget } from './ext4/read-budget.ts';
import { readDirectory } from './ext4/read-directory.ts';
import { ImageFile } from './ext4/read-image.ts';
import { type ImageInode, readInode } from './ext4/read-inode.ts';
import { readTarget } from './ext4/read-target.ts';

/** Where init programs are, in the order in which the kernel and the distributions would look. */
const CANDIDATES = [
  '/sbin/init',
  '/lib/systemd/systemd',
  '/usr/lib/systemd/systemd',
  '/etc/init',
  '/bin/init',
];

const LINK_HOPS = 40;
const FOLDER_LIMITS = { entries: 1_000_000, bytes: 0 };

/** The init program of an image: a file that can be executed, found as the guest will find it. */
export async function findInit(disk: string): Promise<string> {
  const file = await open(disk, 'r');
  try {
    const image = await ImageFile.open(file);
    for (const path of CANDIDATES) {
      const inode = await findInode(image, path);
      if (inode?.kind === 'file' && (inode.mode & 0o111) !== 0) return path;
    }
    return '';
  } finally {
    await file.close();
  }
}

/** Follows links, which lead nowhere but within the image: its root is the root. */
async function findInode(image: ImageFile, path: string): Promise<ImageInode | undefined> {
  const folders = [ROOT_INODE];
  let names = partsOf(path);
  for (let hops = 0; ; ) {
    const [name, ...rest] = names;
    if (name === undefined) return readInode(image, folders.at(-1) ?? ROOT_INODE);
    names = rest;
    if (name === '..') {
      if (folders.length > 1) folders.pop();
      continue;
    }
    const child = await findChild(image, folders.at(-1) ?? ROOT_INODE, name);
    if (child === undefined) return undefined;
    const inode = await readInode(image, child);
    if (inode.kind !== 'symlink') {
      folders.push(child);
      continue;
    }
    if (++hops > LINK_HOPS) return undefined;
    const target = (await readTarget(image, inode)).toString('latin1');
    if (target.startsWith('/')) folders.length = 1;
    names = [...partsOf(target), ...names];
  }
}

async function findChild(
  image: ImageFile,
  folder: number,
  name: string,
): Promise<number | undefined> {
  const inode = await readInode(image, folder);
  if (inode.kind !== 'directory') return undefined;
  return (await readDirectory(image, inode, new ReadBudget(FOLDER_LIMITS))).get(name);
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
