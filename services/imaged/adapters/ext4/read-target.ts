import { INODE_BODY_BYTES, INODE_EXTENTS } from './format.ts';
import { readContent } from './read-content.ts';
import type { ImageFile } from './read-image.ts';
import type { ImageInode } from './read-inode.ts';

const MAX_TARGET_BYTES = 4096;

/** Where a symbolic link points: a short target lies in the inode itself. */
export async function readTarget(image: ImageFile, inode: ImageInode): Promise<Buffer> {
  const isFast = (inode.flags & INODE_EXTENTS) === 0 && inode.sizeBytes < INODE_BODY_BYTES;
  if (isFast) return Buffer.from(inode.body.subarray(0, inode.sizeBytes));
  return readContent(image, inode, MAX_TARGET_BYTES);
}
