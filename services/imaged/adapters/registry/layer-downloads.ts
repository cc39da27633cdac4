import type { Digest } from '../../domain/digest.ts';
import type { BlobIdentity } from '../../domain/verify-blob.ts';

export type LayerDownloads = AsyncDisposable & {
  /** Resolves when the blob is in the cache; rejects with the first failure of any of them. */
  ready(digest: Digest): Promise<void>;
};

const PARALLEL_DOWNLOADS = 4;

/**
 * Downloads an image's layers a few at a time, lowest first because it is wanted first.
 * One failure stops them all: an image without one of its layers is of no use.
 */
export function startLayerDownloads(
  layers: readonly BlobIdentity[],
  signal: AbortSignal,
  download: (layer: BlobIdentity, signal: AbortSignal) => Promise<void>,
): LayerDownloads {
  const stop = new AbortController();
  const arrivals = new Map(layers.map(({ digest }) => [digest, Promise.withResolvers<void>()]));
  // A failure that nobody has asked about yet must not end the process.
  for (const { promise } of arrivals.values()) promise.catch(() => undefined);
  const both = AbortSignal.any([signal, stop.signal]);
  const finished = downloadAll(
    layers,
    async (layer) => {
      await download(layer, both);
      arrivals.get(layer.digest)?.resolve();
    },
    (error) => {
      stop.abort(error);
      for (const arrival of arrivals.values()) arrival.reject(error);
    },
  );
  return {
    ready: (digest) => arrivals.get(digest)?.promise ?? Promise.resolve(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
    },
  };
}

/** Ends when nothing is under way any more, also after a failure. */
async function downloadAll(
  layers: readonly BlobIdentity[],
  download: (layer: BlobIdentity) => Promise<void>,
  fail: (error: unknown) => void,
): Promise<void> {
  // The workers share one iterator, so each layer is taken exactly once.
  const queue = new Map(layers.map((layer) => [layer.digest, layer])).values();
  const work = async (): Promise<void> => {
    for (const layer of queue) await download(layer);
  };
  const workers = Array.from({ length: PARALLEL_DOWNLOADS }, work);
  await Promise.all(workers).catch(fail);
  await Promise.allSettled(workers);
}
