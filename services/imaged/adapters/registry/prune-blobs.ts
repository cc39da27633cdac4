import { renameSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, toDigest } from '../../domain/digest.ts';
import type { BlobCache } from './blob-cache.ts';
import { findFile } from './find-file.ts';
import { systemCode } from './system-code.ts';

export type BlobUsage = {
  readonly blobs: number;
  /** Downloads that were cut and can be continued, or are running. */
  readonly partialBlobs: number;
  readonly sizeBytes: number;
  /** What the files really take on the disk. */
  readonly allocatedBytes: number;
};

export type PruneResult = { readonly removed: BlobUsage; readonly kept: BlobUsage };

type CachedFile = {
  readonly path: string;
  readonly digest: Digest;
  readonly isPartial: boolean;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
};

/** Marks what a prune has hidden and not yet deleted; a crash leaves it to the next prune. */
const PRUNED = '.pruned';
const FILE_NAME = /^([0-9a-f]{64})(\.partial)?(?:\.pruned)?$/;

export async function blobUsage(cache: BlobCache): Promise<BlobUsage> {
  return sum(await listFiles(cache));
}

/** Removes all that no running pull holds; a dry run says what that would be. */
export async function pruneBlobs(cache: BlobCache, dryRun: boolean): Promise<PruneResult> {
  const removed: CachedFile[] = [];
  const kept: CachedFile[] = [];
  for (const file of await listFiles(cache)) {
    if (cache.isHeld(file.digest)) kept.push(file);
    else if (dryRun || (await remove(file))) removed.push(file);
  }
  return { removed: sum(removed), kept: sum(kept) };
}

/**
 * Order matters: between the check that nobody holds the file and the rename that hides it nothing
 * else can run, so a pull either held it in time or does not find it. Deleting may then take long.
 */
async function remove({ path }: CachedFile): Promise<boolean> {
  const away = path.endsWith(PRUNED) ? path : `${path}${PRUNED}`;
  try {
    renameSync(path, away);
  } catch (error) {
    // A pull that ended since the listing gave the file its final name or took it away.
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
  await rm(away, { force: true });
  return true;
}

async function listFiles({ folder }: BlobCache): Promise<CachedFile[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files: CachedFile[] = [];
  for (const name of await readdir(folder)) {
    const match = FILE_NAME.exec(name);
    if (match === null) continue;
    const path = join(folder, name);
    const found = await findFile(path);
    if (found === undefined) continue;
    const digest = toDigest(match[1] ?? '');
    const isPartial = match[2] !== undefined;
    const { size: sizeBytes, blocks } = found;
    files.push({ path, digest, isPartial, sizeBytes, allocatedBytes: blocks * 512 });
  }
  return files;
}

function sum(files: readonly CachedFile[]): BlobUsage {
  const partialBlobs = files.filter(({ isPartial }) => isPartial).length;
  return {
    blobs: files.length - partialBlobs,
    partialBlobs,
    sizeBytes: files.reduce((total, file) => total + file.sizeBytes, 0),
    allocatedBytes: files.reduce((total, file) => total + file.allocatedBytes, 0),
  };
}
