import { BangerError, hasReason } from '#kit/errors.ts';
import { type BlobIdentity, checkDigest, corruptBlob } from '../../domain/verify-blob.ts';
import type { FetchBlob } from './fetch-blob.ts';
import { PartialBlob } from './partial-blob.ts';
import { type Retries, TransientFailure, withRetries } from './retries.ts';

export type BlobDownload = {
  readonly blob: BlobIdentity;
  readonly fetch: FetchBlob;
  /** Who sends it, for messages: `registry "ghcr.io"`. */
  readonly origin: string;
  readonly path: string;
  readonly partialPath: string;
  readonly retries: Retries;
  readonly onProgress: (doneBytes: number) => void;
};

/** Less than this between two cuts counts as none, or a hostile server could keep a pull alive for ever. */
const PROGRESS_BYTES = 1 << 20;

/**
 * Brings a blob to its place in the cache, verified. What a cut or a crash left is continued; only
 * a full disk, or bytes found to be wrong, make it go away.
 */
export async function downloadBlob(download: BlobDownload): Promise<void> {
  const { blob, path, partialPath, retries } = download;
  await using partial = await PartialBlob.open(partialPath, retries.signal);
  try {
    await fillVerified(partial, download).catch(async (error: unknown) => {
      // An earlier part may be what is wrong: a crash can leave holes in it. Once more, from the start.
      if (!partial.isPieced || !hasReason(error, 'IMAGE_CORRUPT')) throw error;
      await partial.restart();
      await fillVerified(partial, download);
    });
    await partial.publish(path);
  } catch (error) {
    const isUseless = hasReason(error, 'IMAGE_CORRUPT') || hasReason(error, 'DISK_FULL');
    if (isUseless || partial.sizeBytes === 0) await partial.delete();
    throw error;
  }
  download.onProgress(blob.sizeBytes);
}

async function fillVerified(partial: PartialBlob, download: BlobDownload): Promise<void> {
  const { blob, origin, retries } = download;
  if (partial.sizeBytes > blob.sizeBytes) await partial.restart();
  let reached = partial.sizeBytes;
  const madeProgress = (): boolean => {
    const gained = partial.sizeBytes - reached;
    reached = Math.max(reached, partial.sizeBytes);
    return gained >= PROGRESS_BYTES;
  };
  if (partial.sizeBytes < blob.sizeBytes) {
    await withRetries(() => fill(partial, download), { ...retries, madeProgress });
  }
  checkDigest(blob, partial.digest(), origin);
}

async function fill(partial: PartialBlob, download: BlobDownload): Promise<void> {
  const { blob, origin, retries, onProgress } = download;
  const { startsAt, chunks } = await download.fetch(partial.sizeBytes, retries.signal);
  await partial.continueFrom(startsAt);
  onProgress(partial.sizeBytes);
  for await (const chunk of chunks) {
    if (partial.sizeBytes + chunk.length > blob.sizeBytes) {
      throw corruptBlob(blob, origin, `it is longer than the announced ${blob.sizeBytes} bytes`);
    }
    await partial.append(chunk);
    onProgress(partial.sizeBytes);
  }
  if (partial.sizeBytes < blob.sizeBytes) throw endedEarly(partial, download);
}

function endedEarly(partial: PartialBlob, { blob, origin }: BlobDownload): TransientFailure {
  return new TransientFailure(
    new BangerError(
      'SERVICE_UNAVAILABLE',
      `${origin} sent only ${partial.sizeBytes} of ${blob.sizeBytes} bytes of blob "${blob.digest}"; try again`,
    ),
  );
}
