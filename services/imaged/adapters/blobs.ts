import type { Blobs } from '../domain/ports.ts';
import type { BlobCache } from './registry/blob-cache.ts';
import { blobUsage, pruneBlobs } from './registry/prune-blobs.ts';

export function createBlobs(cache: BlobCache): Blobs {
  return {
    folder: cache.folder,
    usage: () => blobUsage(cache),
    prune: async (dryRun) => (await pruneBlobs(cache, dryRun)).removed,
  };
}
