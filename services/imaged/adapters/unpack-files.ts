import {
  closeSync,
  createReadStream,
  ftruncateSync,
  mkdirSync,
  openSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { corrupt } from '../domain/corrupt.ts';
import { parseImagePath } from './layers/image-path.ts';
import { DEFAULT_LIMITS, type Limits } from './layers/limits.ts';
import { LayerStream } from './layers/stream/layer-stream.ts';
import { ByteReader } from './layers/tar/byte-reader.ts';
import { readTar, type TarHandler } from './layers/tar/read-tar.ts';
import type { TarEntry } from './layers/tar/tar-entry.ts';
import { nameFullDisk } from './name-full-disk.ts';
import { systemCode } from './registry/system-code.ts';

/** Far above what a kernel with all of its modules needs. */
const LIMITS: Limits = { ...DEFAULT_LIMITS, expandedBytes: 4 * 2 ** 30, entries: 50_000 };

/**
 * Writes those plain files of a tar, compressed or not, whose paths are wanted. Nothing else is made, and above all no
 * link, so no entry can lead another one out of the folder.
 */
export async function unpackFiles(
  call: Call,
  archive: string,
  folder: string,
  wants: (path: string) => boolean,
): Promise<void> {
  const open = () => createReadStream(archive, { highWaterMark: 2 ** 20 });
  const bounds = { limits: LIMITS, totals: { compressedBytes: 0, expandedBytes: 0 } };
  using stream = new LayerStream({ open }, bounds, call.signal);
  using files = new WantedFiles(folder, wants);
  const end = await nameFullDisk('kernels', () => readTar(new ByteReader(stream), files, LIMITS));
  stream.verify(end.marked);
}

/** Written at once and not in the background: a file is small, and its order among the others is the archive's. */
class WantedFiles implements TarHandler, Disposable {
  readonly #folder: string;
  readonly #wants: (path: string) => boolean;
  #file: { descriptor: number; sizeBytes: number } | undefined;

  constructor(folder: string, wants: (path: string) => boolean) {
    this.#folder = folder;
    this.#wants = wants;
  }

  entry(entry: TarEntry): boolean {
    if (entry.kind !== 'file') return false;
    const path = parseImagePath(entry.path, LIMITS).join('/');
    if (!this.#wants(path)) return false;
    this.#file = { descriptor: create(join(this.#folder, path)), sizeBytes: 0 };
    return true;
  }

  append(chunk: Buffer): undefined {
    if (this.#file === undefined) return;
    writeSync(this.#file.descriptor, chunk, 0, chunk.length, this.#file.sizeBytes);
    this.#file.sizeBytes += chunk.length;
  }

  skip(bytes: number): void {
    if (this.#file !== undefined) this.#file.sizeBytes += bytes;
  }

  end(): void {
    if (this.#file === undefined) return;
    const { descriptor, sizeBytes } = this.#file;
    ftruncateSync(descriptor, sizeBytes);
    closeSync(descriptor);
    this.#file = undefined;
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
  }
}

function create(target: string): number {
  try {
    mkdirSync(dirname(target), { recursive: true });
    return openSync(target, 'wx', 0o644);
  } catch (error) {
    const isTwice = ['EEXIST', 'ENOTDIR', 'EISDIR'].includes(systemCode(error));
    throw isTwice ? corrupt('is there already', error) : error;
  }
}
