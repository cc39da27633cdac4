import { corrupt, locate } from '../../../domain/corrupt.ts';
import { printableName, printableText } from '../../../domain/printable-name.ts';
import type { Limits } from '../limits.ts';
import type { ByteReader } from './byte-reader.ts';
import {
  type PaxHeader,
  type PaxSparse,
  parseGlobalPaxHeader,
  parsePaxHeader,
} from './pax-header.ts';
import { readGnuSparseMap, readPaxSparseMap, type SparseMap } from './sparse-map.ts';
import { type Amendments, entryPath, type TarEntry, toTarEntry } from './tar-entry.ts';
import {
  BLOCK,
  isZero,
  isZeroBlock,
  parseTarHeader,
  parseTarPath,
  parseTarString,
  type TarHeader,
} from './tar-header.ts';

/** Receives an archive's entries in order. An error thrown here ends the reading, with the entry's path added. */
export type TarHandler = {
  /** `offset` is where the contents begin in the archive. Contents follow if it answers true. */
  entry(entry: TarEntry, offset: number): boolean;
  append(chunk: Buffer): Promise<void> | undefined;
  /** A hole of a sparse file. */
  skip(bytes: number): void;
  end(): void;
};

/** Whether the archive had its end marker. Without one it may have been cut short between two entries. */
export type TarEnd = { readonly marked: boolean };

export async function readTar(
  input: ByteReader,
  handler: TarHandler,
  limits: Limits,
): Promise<TarEnd> {
  return await new TarReader(input, handler, limits).read();
}

const NOTHING: Amendments = {};

/** One pass; waits only at chunk boundaries, so that a small entry costs no trip through the event loop. */
class TarReader {
  readonly #input: ByteReader;
  readonly #handler: TarHandler;
  readonly #limits: Limits;
  #amendments = NOTHING;
  #globals: PaxHeader = {};
  /** The entry at hand, for errors; between entries the one before. */
  #path: string | undefined;
  #betweenEntries = true;

  constructor(input: ByteReader, handler: TarHandler, limits: Limits) {
    this.#input = input;
    this.#handler = handler;
    this.#limits = limits;
  }

  async read(): Promise<TarEnd> {
    try {
      return await this.#readEntries();
    } catch (error) {
      throw this.#located(error);
    }
  }

  async #readEntries(): Promise<TarEnd> {
    const input = this.#input;
    for (;;) {
      const padding = -input.position & (BLOCK - 1);
      if (padding > 0 && input.take(padding) === undefined) await input.skip(padding);
      this.#betweenEntries = true;
      const block = input.take(BLOCK) ?? (await input.gather(BLOCK));
      if (block === undefined || isZeroBlock(block)) return await this.#readEnd(block);
      const path = parseTarPath(block);
      this.#path = entryPath(path, this.#amendments);
      this.#betweenEntries = false;
      const wait = this.#readHeader(parseTarHeader(block, path));
      if (wait !== undefined) await wait;
    }
  }

  #readHeader(header: TarHeader): Promise<void> | undefined {
    if (AMENDMENT_TYPES.has(header.type)) return this.#readAmendment(header);
    const entry = toTarEntry(header, this.#amendments, this.#globals);
    const sparse = this.#amendments.pax?.sparse;
    this.#amendments = NOTHING;
    if (header.type === 'S') return this.#readGnuSparse(header, entry);
    return sparse === undefined ? this.#readEntry(entry) : this.#readPaxSparse(sparse, entry);
  }

  async #readAmendment(header: TarHeader): Promise<void> {
    const bytes = header.sizeBytes;
    const largest = this.#limits.headerBytes;
    if (bytes > largest) throw corrupt(`has a header of ${bytes} bytes, more than ${largest}`);
    const data = this.#input.take(bytes) ?? (await this.#input.gather(bytes));
    if (data === undefined) throw this.#input.cutShort();
    if (header.type === 'g') {
      this.#globals = { ...this.#globals, ...parseGlobalPaxHeader(data) };
    } else {
      this.#amendments = { ...this.#amendments, ...parseAmendment(header.type, data) };
    }
  }

  async #readGnuSparse(header: TarHeader, entry: TarEntry): Promise<void> {
    const max = this.#limits.headerBytes;
    const map = await readGnuSparseMap(header, entry.storedBytes, this.#input, max);
    await this.#readRuns(entry, map);
  }

  async #readPaxSparse(sparse: PaxSparse, entry: TarEntry): Promise<void> {
    if (entry.kind !== 'file') throw corrupt(`is a sparse ${entry.kind}`);
    const max = this.#limits.headerBytes;
    const map = await readPaxSparseMap(sparse, entry.storedBytes, this.#input, max);
    await this.#readRuns(entry, map);
  }

  #readEntry(entry: TarEntry): Promise<void> | undefined {
    if (!this.#begin(entry)) return this.#pass(entry.storedBytes);
    const whole = this.#input.take(entry.storedBytes);
    if (whole === undefined) return this.#copy(entry.storedBytes).then(() => this.#handler.end());
    const wait = whole.length === 0 ? undefined : this.#handler.append(whole);
    if (wait !== undefined) return wait.then(() => this.#handler.end());
    this.#handler.end();
    return undefined;
  }

  async #readRuns(entry: TarEntry, map: SparseMap): Promise<void> {
    const stored = entry.storedBytes - map.mapBytes;
    if (!this.#begin({ ...entry, sizeBytes: map.sizeBytes, sparse: true })) {
      return await this.#pass(stored);
    }
    let end = 0;
    for (let index = 0; index < map.runs.length; index += 2) {
      const offset = map.runs[index] as number;
      if (offset > end) this.#handler.skip(offset - end);
      end = offset + (map.runs[index + 1] as number);
      await this.#copy(end - offset);
    }
    if (map.sizeBytes > end) this.#handler.skip(map.sizeBytes - end);
    this.#handler.end();
  }

  #begin(entry: TarEntry): boolean {
    const largest = this.#limits.fileBytes;
    if (entry.sizeBytes > largest) {
      throw corrupt(`claims a size of ${entry.sizeBytes} bytes, more than ${largest}`);
    }
    return this.#handler.entry(entry, this.#input.position);
  }

  #pass(bytes: number): Promise<void> | undefined {
    return this.#input.take(bytes) === undefined ? this.#input.skip(bytes) : undefined;
  }

  async #copy(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      const piece = this.#input.takeSome(left);
      if (piece === undefined) {
        if (!(await this.#input.fill())) throw this.#input.cutShort();
        continue;
      }
      left -= piece.length;
      const wait = this.#handler.append(piece);
      if (wait !== undefined) await wait;
    }
  }

  /** Only zeros may follow the first block of zeros: other readers might take more for entries. */
  async #readEnd(block: Buffer | undefined): Promise<TarEnd> {
    if (this.#amendments !== NOTHING) throw corrupt('archive ends where an entry should follow');
    if (block === undefined) return { marked: false };
    do {
      const rest = this.#input.takeSome(Number.POSITIVE_INFINITY);
      if (rest !== undefined && !isZero(rest)) throw corrupt('archive has data after its end');
    } while (await this.#input.fill());
    return { marked: true };
  }

  #located(error: unknown): unknown {
    if (this.#path === undefined) return error;
    const name = printableName(this.#path);
    const place = this.#betweenEntries ? `after entry ${name}` : `entry ${name}`;
    return locate(error, place, { path: printableText(this.#path) });
  }
}

const AMENDMENT_TYPES = new Set(['x', 'g', 'L', 'K']);

function parseAmendment(type: string, data: Buffer): Amendments {
  if (type === 'x') return { pax: parsePaxHeader(data) };
  const name = parseTarString(data, { start: 0, length: data.length });
  return type === 'L' ? { longName: name } : { longLink: name };
}
