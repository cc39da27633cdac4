import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BangerError, hasReason } from '#kit/errors.ts';
import { type Digest, digestHex } from '../../domain/digest.ts';
import type { BlobProgress } from '../../domain/source-image.ts';
import { type BlobIdentity, verifyBlob } from '../../domain/verify-blob.ts';
import { findFile } from './find-file.ts';
import { SharedTasks } from './shared-tasks.ts';

/** Fills a blob's partial file and publishes it; see downloadBlob. */
export type Download = (paths: BlobPaths, watch: DownloadWatch) => Promise<void>;

export type BlobPaths = { readonly path: string; readonly partialPath: string };

export type DownloadWatch = {
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number) => void;
};

export type BlobWatch = {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: BlobProgress) => void) | undefined;
};

/**
 * Blobs by digest, each one downloaded once however many pulls want it. A file under its final name
 * is complete and was verified. One process owns the folder; nothing else may write there.
 */
export class BlobCache {
  readonly folder: string;
  readonly #downloads = new SharedTasks<Digest, number>();
  readonly #holders = new Map<Digest, number>();

  /** @param cacheFolder the blobs are in `blobs/sha256` below it, as in an OCI layout */
  constructor(cacheFolder: string) {
    this.folder = join(cacheFolder, 'blobs', 'sha256');
  }

  pathsOf(digest: Digest): BlobPaths {
    const path = join(this.folder, digestHex(digest));
    return { path, partialPath: `${path}.partial` };
  }

  /** Keeps blobs from being pruned, whether they are there already or not, until it is disposed of. */
  hold(digests: Iterable<Digest>): Disposable {
    const held = [...digests];
    for (const digest of held) this.#holders.set(digest, (this.#holders.get(digest) ?? 0) + 1);
    return { [Symbol.dispose]: () => this.#release(held.splice(0)) };
  }

  isHeld(digest: Digest): boolean {
    return this.#holders.has(digest);
  }

  /** Makes sure that the blob is there, joining a download that is under way. */
  async ensure(blob: BlobIdentity, download: Download, watch: BlobWatch): Promise<void> {
    using _ = this.hold([blob.digest]);
    const report = (doneBytes: number): void => {
      watch.onProgress?.({ digest: blob.digest, doneBytes, totalBytes: blob.sizeBytes });
    };
    await this.#downloads.run(
      blob.digest,
      (task) => this.#bring(blob, download, { signal: task.signal, onProgress: task.report }),
      { signal: watch.signal, onReport: report },
    );
  }

  /** The bytes of a blob that is there, hashed again: disks forget, and a damaged blob must not stay. */
  async *read(blob: BlobIdentity): AsyncGenerator<Buffer> {
    const { path } = this.pathsOf(blob.digest);
    const stream = createReadStream(path, { highWaterMark: 1 << 20 });
    try {
      yield* verifyBlob(stream, blob, 'the blob cache');
    } catch (error) {
      if (!hasReason(error, 'IMAGE_CORRUPT')) throw error;
      await rm(path, { force: true });
      const message = `${error.message}; it was removed from the cache, pull the image again`;
      throw new BangerError('IMAGE_CORRUPT', message, { cause: error, metadata: error.metadata });
    } finally {
      stream.destroy();
    }
  }

  async #bring(blob: BlobIdentity, download: Download, watch: DownloadWatch): Promise<void> {
    const paths = this.pathsOf(blob.digest);
    const found = await findFile(paths.path);
    if (found?.size === blob.sizeBytes) return watch.onProgress(blob.sizeBytes);
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await download(paths, watch);
  }

  #release(digests: readonly Digest[]): void {
    for (const digest of digests) {
      const holders = (this.#holders.get(digest) ?? 0) - 1;
      if (holders > 0) this.#holders.set(digest, holders);
      else this.#holders.delete(digest);
    }
  }
}
