import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { ResolvedImage } from '../../domain/resolve-image.ts';
import type { BlobProgress, SourceImage } from '../../domain/source-image.ts';
import type { BlobIdentity } from '../../domain/verify-blob.ts';
import type { BlobCache } from './blob-cache.ts';
import { downloadBlob } from './download-blob.ts';
import { blobFetcher } from './fetch-blob.ts';
import { type LayerDownloads, startLayerDownloads } from './layer-downloads.ts';
import type { Endpoints } from './mirrors.ts';
import type { Retries } from './retries.ts';

export type Pull = ResolvedImage & {
  readonly name: string;
  readonly endpoints: Endpoints;
  readonly cache: BlobCache;
  readonly retries: Retries;
  readonly onProgress?: ((progress: BlobProgress) => void) | undefined;
};

/** An image whose layers come through the cache, from which nothing of it is pruned meanwhile. */
export function createPulledImage(pull: Pull): SourceImage {
  const { name, manifestDigest, config, layers, cache } = pull;
  const { signal } = pull.retries;
  const hold = cache.hold(layers.map(({ digest }) => digest));
  let downloads: LayerDownloads | undefined;
  const open = async function* (layer: BlobIdentity): AsyncGenerator<Buffer> {
    downloads ??= startLayerDownloads(layers, signal, (blob, stop) =>
      ensureLayer(pull, blob, stop),
    );
    await downloads.ready(layer.digest);
    for await (const chunk of cache.read(layer)) {
      signal.throwIfAborted();
      yield chunk;
    }
  };
  return {
    name,
    manifestDigest,
    config,
    layers: layers.map((layer) => ({ ...layer, open: () => open(layer) })),
    async [Symbol.asyncDispose]() {
      await downloads?.[Symbol.asyncDispose]();
      hold[Symbol.dispose]();
    },
  };
}

function ensureLayer(pull: Pull, blob: BlobIdentity, signal: AbortSignal): Promise<void> {
  const image = `image "${printableName(pull.name)}"`;
  return pull.cache.ensure(
    blob,
    // What ends a shared download is the cache's to say, not any single pull's.
    (paths, { signal: stop, onProgress }) =>
      pull.endpoints.withFirst({ ...pull.retries, signal: stop }, (endpoint, retries) =>
        downloadBlob({
          ...paths,
          blob,
          fetch: blobFetcher(endpoint, blob, image),
          origin: `registry "${endpoint.host}"`,
          retries,
          onProgress,
        }),
      ),
    { signal, onProgress: pull.onProgress },
  );
}

export function checkImageSize(
  name: string,
  layers: readonly BlobIdentity[],
  limitBytes: number,
): void {
  const sizeBytes = layers.reduce((total, layer) => total + layer.sizeBytes, 0);
  if (sizeBytes <= limitBytes) return;
  throw new BangerError(
    'IMAGE_CORRUPT',
    `image "${printableName(name)}" announces ${sizeBytes} bytes of layers; more than ${limitBytes} are not accepted`,
  );
}
