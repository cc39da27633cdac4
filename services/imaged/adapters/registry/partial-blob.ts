import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '#kit/atomic-file.ts';
import { type Digest, toDigest } from '../../domain/digest.ts';
import { toStorageFailure } from './storage-failure.ts';

const READ_BYTES = 1 << 20;

/**
 * The bytes of a blob that have arrived, in a file that survives a crash, with their hash so far.
 * The hash is not stored anywhere: opening reads the file again, so that whatever a crash left in it
 * is found out at the end rather than believed.
 */
export class PartialBlob implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  #hash: Hash;
  #sizeBytes: number;
  #isPieced: boolean;

  private constructor(path: string, file: FileHandle, hash: Hash, sizeBytes: number) {
    this.#path = path;
    this.#file = file;
    this.#hash = hash;
    this.#sizeBytes = sizeBytes;
    this.#isPieced = sizeBytes > 0;
  }

  static async open(path: string, signal: AbortSignal): Promise<PartialBlob> {
    const file = await open(path, 'a+', 0o600).catch((error: unknown) => {
      throw toStorageFailure(error, path);
    });
    try {
      const hash = createHash('sha256');
      const stream = file.createReadStream({
        start: 0,
        autoClose: false,
        highWaterMark: READ_BYTES,
        signal,
      });
      for await (const chunk of stream) hash.update(chunk as Buffer);
      return new PartialBlob(path, file, hash, stream.bytesRead);
    } catch (error) {
      await file.close();
      throw signal.aborted ? signal.reason : error;
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether the bytes came in several parts, one of which may be wrong without the others being so. */
  get isPieced(): boolean {
    return this.#isPieced;
  }

  /** Gets ready for bytes from an offset: the end of what there is, or else the start. */
  async continueFrom(byte: number): Promise<void> {
    if (byte !== this.#sizeBytes) await this.restart();
    else if (byte > 0) this.#isPieced = true;
  }

  async append(chunk: Buffer): Promise<void> {
    try {
      // On a file opened for appending this writes everything at the end, in several turns if it must.
      await this.#file.appendFile(chunk);
    } catch (error) {
      throw toStorageFailure(error, this.#path);
    }
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.length;
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#sizeBytes = 0;
    this.#isPieced = false;
  }

  digest(): Digest {
    return toDigest(this.#hash.copy().digest('hex'));
  }

  /** Makes the bytes the blob, for good: on the disk first, under their name second. */
  async publish(finalPath: string): Promise<void> {
    try {
      await this.#file.sync();
      await rename(this.#path, finalPath);
      await syncFolder(dirname(finalPath));
    } catch (error) {
      throw toStorageFailure(error, finalPath);
    }
  }

  async delete(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
