import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { toDigest } from '../domain/digest.ts';
import type { HashedFile } from '../domain/ports.ts';
import { toStorageFailure } from './registry/storage-failure.ts';

const PIECE_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(PIECE_BYTES);

/** A new file into which bytes go in order: zeros become holes, and all of it is hashed on the way. */
export class SparseFile implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<SparseFile> {
    return new SparseFile(path, await open(path, 'wx', 0o600));
  }

  async append(chunk: Buffer): Promise<void> {
    this.#hash.update(chunk);
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      if (!piece.equals(ZEROS.subarray(0, piece.length))) {
        await this.#write(piece, this.#sizeBytes + at);
      }
    }
    this.#sizeBytes += chunk.length;
  }

  async finish(): Promise<HashedFile> {
    await this.#file.truncate(this.#sizeBytes);
    await this.#file.close();
    return { digest: toDigest(this.#hash.digest('hex')), sizeBytes: this.#sizeBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #write(piece: Buffer, position: number): Promise<void> {
    try {
      for (let at = 0; at < piece.length; ) {
        const left = piece.length - at;
        const { bytesWritten } = await this.#file.write(piece, at, left, position + at);
        at += bytesWritten;
      }
    } catch (error) {
      throw toStorageFailure(error, this.#path);
    }
  }
}
