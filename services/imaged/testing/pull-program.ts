import { BangerError } from '#kit/errors.ts';
import { BlobCache } from '../adapters/registry/blob-cache.ts';
import { createRegistry } from '../adapters/registry/registry.ts';
import { parseReference } from '../domain/reference.ts';
import { pullOptions, QUICK_RETRIES } from './pull-setup.ts';
import { readLayers } from './read-layer.ts';

// A pull in a process of its own, for tests that kill it or put it where the disk is small:
// pull-program.ts CACHE-FOLDER REFERENCE
const [cacheFolder = '', reference = ''] = process.argv.slice(2);
using registry = createRegistry({ cache: new BlobCache(cacheFolder), retryPolicy: QUICK_RETRIES });
try {
  await using image = await registry.openImage(parseReference(reference), pullOptions());
  console.log(JSON.stringify({ layers: await readLayers(image) }));
} catch (error) {
  const reason = error instanceof BangerError ? error.reason : 'UNEXPECTED';
  console.log(JSON.stringify({ reason, message: String(error) }));
}
