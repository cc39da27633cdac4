import { corrupt } from '../../../domain/corrupt.ts';
import type { ByteReader } from './byte-reader.ts';
import type { PaxSparse } from './pax-header.ts';
import { BLOCK, type TarHeader } from './tar-header.ts';
import { parseTarCount } from './tar-number.ts';

/** Which parts of a file the archive stores; the rest are holes. */
export type SparseMap = {
  readonly sizeBytes: number;
  /** Offsets and lengths in turn, ascending. */
  readonly runs: readonly number[];
  /** How much of what is stored is the map itself. */
  readonly mapBytes: number;
};

/** GNU's old form: four runs in the header, then as many blocks of 21 as it takes. */
const HEADER_RUNS = { start: 386, count: 4, more: 482 };
const EXTENSION_RUNS = { start: 0, count: 21, more: 504 };
const REAL_SIZE = { name: 'sparse file size', start: 483, length: 12 };

export async function readGnuSparseMap(
  header: TarHeader,
  storedBytes: number,
  input: ByteReader,
  maxBytes: number,
): Promise<SparseMap> {
  const runs: number[] = [];
  // The header's block is read first, for it is gone once more is read.
  const sizeBytes = parseTarCount(header.block, REAL_SIZE);
  let more = readRuns(header.block, HEADER_RUNS, runs);
  for (let bytes = BLOCK; more; bytes += BLOCK) {
    if (bytes > maxBytes) throw corrupt('sparse map is too long');
    const block = await input.gather(BLOCK);
    if (block === undefined) throw input.cutShort();
    more = readRuns(block, EXTENSION_RUNS, runs);
  }
  return verified({ sizeBytes, runs, mapBytes: 0 }, storedBytes);
}

/** Returns whether another block follows. */
function readRuns(block: Buffer, layout: typeof HEADER_RUNS, runs: number[]): boolean {
  for (let index = 0; index < layout.count; index++) {
    const start = layout.start + index * 24;
    if (block[start] === 0) break;
    runs.push(
      parseTarCount(block, { name: 'sparse offset', start, length: 12 }),
      parseTarCount(block, { name: 'sparse length', start: start + 12, length: 12 }),
    );
  }
  return block[layout.more] !== 0;
}

/** GNU tar did not always write the version of the first two. */
const MAP_IN_HEADER = new Set(['', '0.0', '0.1']);

/** PAX forms 0.0 and 0.1 have the map in the PAX header, 1.0 before the contents. */
export async function readPaxSparseMap(
  sparse: PaxSparse,
  storedBytes: number,
  input: ByteReader,
  maxBytes: number,
): Promise<SparseMap> {
  const sizeBytes = sparse.sizeBytes;
  if (sizeBytes === undefined) throw corrupt('sparse file has no size');
  if (MAP_IN_HEADER.has(sparse.version)) {
    return verified({ sizeBytes, runs: sparse.map, mapBytes: 0 }, storedBytes);
  }
  if (sparse.version !== '1.0') throw corrupt('sparse file is of an unknown version');
  const start = input.position;
  const runs = await readMapInContents(input, Math.min(maxBytes, storedBytes));
  return verified({ sizeBytes, runs, mapBytes: input.position - start }, storedBytes);
}

/** Decimal numbers, one a line: the count of runs, then their offsets and lengths; padded to a block. */
async function readMapInContents(input: ByteReader, maxBytes: number): Promise<number[]> {
  const runs: number[] = [];
  let expected: number | undefined;
  let rest = '';
  for (let bytes = BLOCK; expected === undefined || runs.length < expected; bytes += BLOCK) {
    if (bytes > maxBytes) throw corrupt('sparse map is too long');
    const block = await input.gather(BLOCK);
    if (block === undefined) throw input.cutShort();
    const lines = (rest + block.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    if (expected === undefined) expected = 2 * parseMapNumber(lines.shift() ?? rest);
    for (const line of lines.slice(0, expected - runs.length)) runs.push(parseMapNumber(line));
    if (rest.length > 15 && runs.length < expected) parseMapNumber(rest);
  }
  return runs;
}

function parseMapNumber(line: string): number {
  if (!/^\d{1,15}$/.test(line)) throw corrupt('sparse map has a line that is not a number');
  return Number(line);
}

/** Runs that overlap, go backwards or leave the file would let one stored byte appear in many places. */
function verified(map: SparseMap, storedBytes: number): SparseMap {
  if (map.runs.length % 2 !== 0) throw corrupt('sparse map ends in the middle of a run');
  let end = 0;
  let stored = 0;
  for (let index = 0; index < map.runs.length; index += 2) {
    const offset = map.runs[index] as number;
    const length = map.runs[index + 1] as number;
    if (offset < end) throw corrupt('sparse map has runs that overlap');
    end = offset + length;
    stored += length;
  }
  if (end > map.sizeBytes) throw corrupt('sparse map reaches beyond the end of the file');
  if (stored + map.mapBytes !== storedBytes)
    throw corrupt('sparse map does not agree with what is stored');
  return map;
}
