import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import type { Content, ContentWriter } from '../../domain/file-tree.ts';
import { openImage } from './image.ts';
import { MIB, makeDisk } from './testing/disks.ts';
import { Random } from './testing/random-tree.ts';
import {
  file,
  folder,
  folderOf,
  link,
  type Piece,
  rootFolder,
  sparseFile,
} from './testing/trees.ts';

/** More of them by hand: ROUNDS=10000 node --test hostile-image.slow.test.ts */
const ROUNDS = Number(process.env.ROUNDS ?? 100);
const LIMITS = { entries: 20_000, bytes: 64 * MIB };

/** Much metadata of every kind, and hardly any content. */
const PIECE: Piece[] = [{ bytes: Buffer.from('x') }, { hole: 8191 }];
const NAMES = Array.from({ length: 300 }, (_, n) => [`name-${n}`, file('')] as const);
const PLAN = rootFolder({
  deep: folder({ a: folder({ b: folder({ c: file('c') }) }) }),
  extents: sparseFile(Array.from({ length: 700 }, () => PIECE).flat()),
  large: folderOf(new Map(NAMES)),
  fast: link('target'),
  slow: link('target'.repeat(20)),
  xattrs: file('x', {
    xattrs: new Map([
      ['user.a', Buffer.from('a')],
      ['user.b', Buffer.alloc(500, 'b')],
    ]),
  }),
});

class NoContents implements ContentWriter {
  open(): void {}
  append(): undefined {}
  skip(): void {}
  close(): Content {
    return { sizeBytes: 0, runs: [] };
  }
  discard(): void {}
}

/** Repeat a failure with: SEED=12345 node --test hostile-image.slow.test.ts */
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`a damaged image is read or refused, and never hangs (SEED=${seed})`, async (t) => {
  const random = new Random(seed);
  const { path, original, positions } = await makeImage(t);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const damaged = Array.from({ length: 1 + random.below(6) }, () => random.pick(positions));
    for (const at of damaged) patch(path, at, [random.pick([0, 255, random.below(256)])]);
    if (!(await isReadable(path))) refused++;
    for (const at of damaged) patch(path, at, [original[at] ?? 0]);
  }
  t.diagnostic(`${refused} of ${ROUNDS} damaged images were refused`);
  assert.ok(await isReadable(path), 'the undamaged image can be read');
});

/** The positions are those of the bytes that are not zero. */
async function makeImage(t: TestContext) {
  const { path } = await makeDisk(t, PLAN, { size: { freeBytes: 0 }, maximumSizeBytes: 2 ** 30 });
  const original = readFileSync(path);
  const positions: number[] = [];
  for (let at = 1024; at < original.length; at++) if (original[at] !== 0) positions.push(at);
  return { path, original, positions };
}

function patch(path: string, at: number, bytes: readonly number[]): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from(bytes), 0, bytes.length, at);
  closeSync(file);
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await using image = await openImage(path);
    await image.findTree('/', new NoContents(), LIMITS);
    return true;
  } catch (error) {
    if (error instanceof BangerError) return false;
    throw error;
  }
}

test('a folder that contains itself is refused', async (t) => {
  const { path, original } = await makeImage(t);
  const entry = original.indexOf(Buffer.from('\x01\x02a\0', 'latin1')) - 6;
  assert.ok(entry > 0, 'the entry of "/deep/a" is found');
  patch(path, entry, [2, 0, 0, 0]);
  assert.equal(await isReadable(path), false);
});

test('two entries that lead to the same node of extents are refused', async (t) => {
  const { path, original } = await makeImage(t);
  const root = original.indexOf(Buffer.from('0af3030004000100', 'hex'));
  assert.ok(root > 0, 'a root of depth 1 with three entries is found');
  const first = [...original.subarray(root + 16, root + 20)];
  patch(path, root + 28, first);
  assert.equal(await isReadable(path), false);
});
