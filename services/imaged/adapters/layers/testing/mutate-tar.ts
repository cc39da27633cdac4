import type { Random } from './random.ts';
import { withChecksum } from './tar-builder.ts';

type Mutation = (archive: Buffer, random: Random) => Buffer;

const FIELDS = [
  { start: 0, length: 100 },
  { start: 100, length: 8 },
  { start: 108, length: 8 },
  { start: 124, length: 12 },
  { start: 136, length: 12 },
  { start: 157, length: 100 },
  { start: 257, length: 8 },
  { start: 329, length: 16 },
  { start: 345, length: 155 },
  { start: 386, length: 126 },
];

const TYPES = '\x000123456789xgLKSVMDXNAQ'.split('');

/** Values that parsers have tripped over. */
const TEXTS = [
  '../',
  '/',
  '.',
  '..',
  'a/../../b',
  '.wh.',
  '.wh...',
  '.wh.a',
  '.wh..wh..opq',
  '.wh..wh.plnk',
  'a',
  'd/a',
  'l/a',
  'loop/x',
  '\x80\0\0\0\0\0\0\0',
  '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
  '\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff',
  '77777777777\0',
  '00000000000\0',
  '-1',
  '99999999',
  '\0',
];

const MUTATIONS: Mutation[] = [
  (archive, random) => {
    archive[random.below(archive.length)] = random.below(256);
    return archive;
  },
  (archive, random) => archive.subarray(0, random.below(archive.length)),
  (archive, random) =>
    changeHeader(archive, random, (block) => {
      const { start, length } = random.pick(FIELDS);
      block.fill(0, start, start + length).write(random.pick(TEXTS), start, length, 'latin1');
    }),
  (archive, random) =>
    changeHeader(archive, random, (block) => block.write(random.pick(TYPES), 156, 'latin1')),
  (archive, random) =>
    changeHeader(archive, random, (block) => {
      block[random.below(512)] = random.below(256);
    }),
  (archive, random) => {
    const { at, end } = pickBlocks(archive, random);
    return Buffer.concat([archive.subarray(0, end), archive.subarray(at)]);
  },
  (archive, random) => {
    const { at, end } = pickBlocks(archive, random);
    return Buffer.concat([archive.subarray(0, at), archive.subarray(end)]);
  },
];

/** A copy of a valid archive with a few things wrong, most often under checksums that are right. */
export function mutateTar(archive: Buffer, random: Random): Buffer {
  let mutated: Buffer = Buffer.from(archive);
  for (let count = 1 + random.below(3); count > 0 && mutated.length > 512; count--) {
    mutated = random.pick(MUTATIONS)(mutated, random);
  }
  if (random.below(8) > 0)
    for (const at of findHeaders(mutated)) withChecksum(blockAt(mutated, at));
  return mutated;
}

function findHeaders(archive: Buffer): number[] {
  const headers: number[] = [];
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    if (archive.toString('latin1', at + 257, at + 262) === 'ustar') headers.push(at);
  }
  return headers;
}

function blockAt(archive: Buffer, at: number): Buffer {
  return archive.subarray(at, at + 512);
}

function changeHeader(archive: Buffer, random: Random, change: (block: Buffer) => unknown): Buffer {
  const headers = findHeaders(archive);
  if (headers.length > 0) change(blockAt(archive, random.pick(headers)));
  return archive;
}

function pickBlocks(archive: Buffer, random: Random): { at: number; end: number } {
  const at = 512 * random.below(archive.length / 512);
  return { at, end: Math.min(archive.length, at + 512 * (1 + random.below(4))) };
}
