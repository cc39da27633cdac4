import { padded, type TarSpec, writeOctal } from './tar-builder.ts';

export type Runs = readonly (readonly [offset: number, length: number])[];

/** The stored bytes of each run are its own letter: A, B, C… */
function storedBytes(runs: Runs): string {
  return runs.map(([, length], index) => letter(index).repeat(length)).join('');
}

/** The contents that the runs mean. */
export function expandRuns(runs: Runs, sizeBytes: number): string {
  const bytes = Buffer.alloc(sizeBytes);
  for (const [index, [offset, length]] of runs.entries()) {
    bytes.fill(letter(index), offset, offset + length);
  }
  return bytes.toString('latin1');
}

function letter(index: number): string {
  return String.fromCharCode(65 + (index % 26));
}

export function gnuSparse(runs: Runs, sizeBytes: number): TarSpec {
  const extensions: Buffer[] = [];
  for (let first = 4; first < runs.length; first += 21) {
    const block = Buffer.alloc(512);
    writeRuns(block, 0, runs.slice(first, first + 21));
    block[504] = runs.length > first + 21 ? 1 : 0;
    extensions.push(block);
  }
  const stored = storedBytes(runs);
  return {
    type: 'S',
    magic: 'gnu',
    size: stored.length,
    content: Buffer.concat([...extensions, padded(Buffer.from(stored))]),
    patch: (block) => {
      writeRuns(block, 386, runs.slice(0, 4));
      block[482] = runs.length > 4 ? 1 : 0;
      writeOctal(block, 483, 12, sizeBytes);
    },
  };
}

function writeRuns(block: Buffer, start: number, runs: Runs): void {
  for (const [index, [offset, length]] of runs.entries()) {
    writeOctal(block, start + 24 * index, 12, offset);
    writeOctal(block, start + 24 * index + 12, 12, length);
  }
}

export function paxSparse(version: '0.0' | '0.1' | '1.0', runs: Runs, sizeBytes: number): TarSpec {
  const stored = storedBytes(runs);
  if (version === '0.0') {
    const pairs = runs.flatMap(([offset, length]) => [
      ['GNU.sparse.offset', `${offset}`] as const,
      ['GNU.sparse.numbytes', `${length}`] as const,
    ]);
    return { content: stored, pax: [['GNU.sparse.size', `${sizeBytes}`], ...pairs] };
  }
  if (version === '0.1') {
    const map = runs.flat().join(',');
    return {
      content: stored,
      pax: [
        ['GNU.sparse.size', `${sizeBytes}`],
        ['GNU.sparse.name', 'real'],
        ['GNU.sparse.map', map],
      ],
    };
  }
  const map = [runs.length, ...runs.flat()].map((number) => `${number}\n`).join('');
  return {
    content: Buffer.concat([padded(Buffer.from(map)), Buffer.from(stored)]),
    pax: [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', 'real'],
      ['GNU.sparse.realsize', `${sizeBytes}`],
    ],
  };
}
