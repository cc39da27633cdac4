import type { FileTree } from '../domain/file-tree.ts';
import type { ImageFiles } from '../domain/ports.ts';
import { DISK_CREATED_AT, LARGEST_DISK_BYTES, uuidOf } from './build-disk.ts';
import { createDisk } from './ext4/disk.ts';
import { openImage } from './ext4/image.ts';
import { findInit } from './find-init.ts';

/** /root is a person's home: what is larger than this is not one. */
const LIMITS = { entries: 1_000_000, bytes: 16 * 2 ** 30 };

/** The seed is copied whole for each VM, so it starts small; VMs grow their copy. */
const FREE_BYTES = 2 ** 20;

/**
 * Writes the image's /root as a small disk of its own, whose root folder has the owner and mode of /root, and
 * answers the path of the image's init. Both come from the finished disk: one way for every source.
 */
export async function extractSeed({ disk, seed }: ImageFiles): Promise<string> {
  await using image = await openImage(disk);
  await using target = await createDisk(seed, {
    size: { freeBytes: FREE_BYTES },
    maximumSizeBytes: LARGEST_DISK_BYTES,
    label: 'banger-work',
    uuid: uuidOf('banger work disk'),
    createdAt: DISK_CREATED_AT,
  });
  const home = await image.findTree('/root', target.contents, LIMITS);
  await target.finish(home ?? emptyHome());
  return await findInit(disk);
}

/** An image without /root, or with a link in its place, gets a home as a distribution would make it. */
function emptyHome(): FileTree {
  const mtime = { ...DISK_CREATED_AT };
  return {
    root: { kind: 'directory', mode: 0o700, uid: 0, gid: 0, mtime, children: new Map() },
  };
}
