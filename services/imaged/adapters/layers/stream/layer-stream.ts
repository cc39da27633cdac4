import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import { corrupt } from '../../../domain/corrupt.ts';
import type { LayerSource } from '../layer-source.ts';
import type { ByteSource } from '../tar/byte-reader.ts';
import { type Compression, MAGIC_BYTES, parseCompression } from './compression.ts';
import { DigestCheck } from './digest.ts';
import { type Bounds, StoredBytes } from './stored-bytes.ts';
import { splitZstdFrames } from './zstd-frames.ts';

/**
 * Node decompresses in the thread pool, one trip per output chunk, so big chunks are cheap ones. It
 * runs ahead of the reader by 32 of them: that keeps the pool busy while the layer before is merged,
 * and more gains little. In object mode each chunk is handed over as it is; otherwise a reader that
 * falls behind gets them copied into one.
 */
const DECOMPRESSION = { chunkSize: 1024 ** 2, readableObjectMode: true, readableHighWaterMark: 32 };

/** The decompressed bytes of one layer, bounded and verified while they pass. */
export class LayerStream implements ByteSource, Disposable {
  readonly #source: LayerSource;
  readonly #bounds: Bounds;
  readonly #signal: AbortSignal | undefined;
  #chunks: Promise<AsyncIterator<Buffer>> | undefined;
  #stored: StoredBytes | undefined;
  #decompressor: (Gunzip | ZstdDecompress) | undefined;
  #diffId: DigestCheck | undefined;
  #bytes = 0;
  #lastChunk: Buffer | undefined;

  constructor(source: LayerSource, bounds: Bounds, signal?: AbortSignal) {
    this.#source = source;
    this.#bounds = bounds;
    this.#signal = signal;
  }

  /** Begins to decompress ahead of whoever will read. */
  start(): void {
    if (this.#chunks !== undefined) return;
    this.#chunks = this.#open();
    // The reader gets the error. A layer that is never read must not end the process with it.
    this.#chunks.catch(() => undefined);
  }

  async read(): Promise<Buffer | undefined> {
    this.#signal?.throwIfAborted();
    this.#releaseChunk();
    this.start();
    try {
      const { done, value } = await unlessAborted(this.#next(), this.#signal);
      if (done) return undefined;
      this.#count(value.length);
      this.#diffId?.update(value);
      this.#lastChunk = value;
      return value;
    } catch (error) {
      throw isDamage(error) ? corrupt('compressed data is damaged or cut short', error) : error;
    }
  }

  /**
   * To be called after the last byte was read. Docker and others take archives without an end mark;
   * then a digest must vouch that nothing was cut off.
   */
  verify(isMarked: boolean): void {
    const stored = this.#stored as StoredBytes;
    // Gunzip ends quietly before what does not look like another member.
    if ((this.#decompressor?.bytesWritten ?? stored.bytes) < stored.bytes) {
      throw corrupt('compressed data is followed by something else');
    }
    stored.verify();
    this.#diffId?.verify('decompressed layer');
    const { digest, diffId } = this.#source;
    if (isMarked || digest !== undefined || diffId !== undefined) return;
    throw corrupt('archive has no end, so it may be cut short');
  }

  [Symbol.dispose](): void {
    this.#decompressor?.destroy();
    this.#stored?.destroy();
  }

  async #next(): Promise<IteratorResult<Buffer>> {
    const chunks = (await this.#chunks) as AsyncIterator<Buffer>;
    return await chunks.next();
  }

  async #open(): Promise<AsyncIterator<Buffer>> {
    const { diffId, mediaType } = this.#source;
    this.#diffId = diffId === undefined ? undefined : new DigestCheck(diffId);
    this.#stored = new StoredBytes(this.#source, this.#bounds);
    const stored = this.#stored.chunks();
    const head = await readHead(stored);
    const chunks = this.#decompress(joined(head, stored), parseCompression(head, mediaType));
    return chunks[Symbol.asyncIterator]();
  }

  #decompress(stored: AsyncIterable<Buffer>, compression: Compression): AsyncIterable<Buffer> {
    if (compression === 'none') return stored;
    const gzip = compression === 'gzip';
    const decompressor = gzip ? createGunzip(DECOMPRESSION) : createZstdDecompress(DECOMPRESSION);
    this.#decompressor = decompressor;
    // Errors come out where the decompressor is read, be it later. Until then it must have a listener:
    // a pipeline takes its own away once all is written, and an error that nobody hears ends the process.
    decompressor.on('error', () => undefined);
    pipeline(gzip ? stored : splitZstdFrames(stored), decompressor).catch(() => undefined);
    return decompressor;
  }

  /**
   * Frees the chunk that was read before. Left to the garbage collector, each 30 MiB of chunks make it
   * walk the whole heap, with the tree that grows there: a fifth of the time that a layer takes. Only
   * a decompressor's own buffer is ours to free, and only once its end was read: before, the
   * decompressor may be writing there.
   */
  #releaseChunk(): void {
    const chunk = this.#lastChunk;
    this.#lastChunk = undefined;
    if (chunk === undefined || this.#decompressor === undefined) return;
    const { buffer, byteOffset, length } = chunk;
    const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === DECOMPRESSION.chunkSize;
    // Moves the memory into a buffer without any, and leaves views of no length behind.
    if (isOwn && byteOffset + length === buffer.byteLength) buffer.transfer(0);
  }

  #count(bytes: number): void {
    const { limits, totals } = this.#bounds;
    this.#bytes += bytes;
    totals.expandedBytes += bytes;
    if (totals.expandedBytes > limits.expandedBytes) {
      throw corrupt(`image expands to more than ${limits.expandedBytes} bytes`);
    }
    const stored = this.#stored?.bytes ?? 0;
    const allowed = Math.max(limits.freeExpansionBytes, stored * limits.expansionRatio);
    if (this.#bytes > allowed) {
      throw corrupt(`expands to more than ${limits.expansionRatio} times its size`);
    }
  }
}

/** The first chunk, joined with more as long as it is too short to tell the compression. */
async function readHead(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const { done, value } = await chunks.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return head;
}

async function* joined(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

/** Does not wait for the promise to give up: what it waits for may never answer. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** An error of zlib's or zstd's own, as against one of reading the source. */
function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(?:Z_|ZSTD_|ERR_STREAM_PUSH_AFTER_EOF$)/.test(code);
}
