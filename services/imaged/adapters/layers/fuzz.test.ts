import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { BangerError } from '#kit/errors.ts';
import { type MergedTree, mergeBuffers } from './testing/merge-buffers.ts';
import { mutateTar } from './testing/mutate-tar.ts';
import { Random } from './testing/random.ts';
import { buildTar, longName, paxData, type TarSpec } from './testing/tar-builder.ts';
import { toSource } from './testing/to-source.ts';

const ITERATIONS = Number(process.env.BANGER_FUZZ_ITERATIONS ?? 1000);
const SEED = Number(process.env.BANGER_FUZZ_SEED ?? Date.now() % 2 ** 31);

/** Small, so that a mutation which runs into a bound does so soon. */
const LIMITS = {
  expandedBytes: 2 ** 20,
  entries: 500,
  pathDepth: 30,
  fileBytes: 2 ** 30,
  headerBytes: 8192,
};

const LOWER: TarSpec[] = [
  { path: './', type: '5', mode: 0o755 },
  { path: 'd/', type: '5' },
  { path: 'd/a', content: 'a'.repeat(700) },
  {
    path: 'd/b',
    content: 'b',
    pax: [
      ['SCHILY.xattr.user.x', 'y'],
      ['mtime', '1.5'],
    ],
  },
  { path: 'h', type: '1', linkTarget: 'd/a' },
  { path: 'l', type: '2', linkTarget: 'd' },
  { path: 'loop', type: '2', linkTarget: 'loop' },
  { path: 'null', type: '3', device: [1, 3] },
  longName('L', 'n'.repeat(150)),
  { path: 'short', magic: 'gnu', content: 'named' },
];

const UPPER: TarSpec[] = [
  { type: 'g', content: paxData([['comment', 'global']]) },
  { path: 'd/.wh.a' },
  { path: 'l/c', content: 'c'.repeat(2000) },
  { path: 'h', content: 'replaced' },
  { path: 'e/f/g', type: '6' },
  {
    path: 's',
    content: 'abcdef',
    pax: [
      ['GNU.sparse.size', '5000'],
      ['GNU.sparse.map', '0,4,4000,2'],
    ],
  },
  { path: 'd/.wh..wh..opq' },
  { path: 'k', type: '1', linkTarget: 'h' },
];

const BASES = [LOWER, UPPER].map((specs) => buildTar(...specs));

const COMPRESSIONS = [
  (bytes: Buffer) => Buffer.from(bytes),
  (bytes: Buffer) => gzipSync(bytes, { level: 1 }),
  (bytes: Buffer) => zstdCompressSync(bytes),
];

test(`${ITERATIONS} broken images are refused or merged, but break nothing`, async (t) => {
  t.diagnostic(`seed ${SEED}; to have one case again: BANGER_FUZZ_ITERATIONS=1 BANGER_FUZZ_SEED=…`);
  assert.equal((await mergeBuffers(BASES, { limits: LIMITS })).paths().length, 12);
  let merged = 0;
  for (let seed = SEED; seed < SEED + ITERATIONS; seed++) {
    if (await mergeMutated(seed)) merged++;
  }
  t.diagnostic(`${merged} merged, ${ITERATIONS - merged} refused`);
  const { rss } = process.memoryUsage();
  assert.ok(rss < 2 ** 30, `memory grew to ${rss} bytes`);
});

/** Returns whether the image merged; throws for anything but that or a clean refusal. */
async function mergeMutated(seed: number): Promise<boolean> {
  const random = new Random(seed);
  const chunkBytes = random.pick([2 ** 20, 4096, 512, 333]);
  // Most often one of the two layers is left as it is, for the other one to meet.
  const whole = random.below(3);
  const layers = BASES.map((base, index) => {
    const stored = random.pick(COMPRESSIONS)(index === whole ? base : mutateTar(base, random));
    if (random.below(20) === 0) stored[random.below(stored.length)] = random.below(256);
    return toSource(stored, chunkBytes);
  });
  try {
    // A hang shows as a timeout, which is no refusal.
    const signal = AbortSignal.timeout(10_000);
    verifyTree(await mergeBuffers(layers, { limits: LIMITS, signal }));
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw new Error(`broken by seed ${seed}`, { cause: error });
  }
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof BangerError)) return false;
  assert.doesNotMatch(error.message, /\p{Cc}/u);
  assert.match(error.message, /^layer [12] of 2/);
  return error.reason === 'IMAGE_CORRUPT' || error.reason === 'FEATURE_UNSUPPORTED';
}

/** A tree that any writer can lay out: proper names, no folder in two places, numbers in range. */
function verifyTree(merged: MergedTree): void {
  const folders = new Set<unknown>();
  for (const [path, node] of merged.entries()) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    assert.ok(
      name !== '' && name !== '.' && name !== '..' && !name.includes('\0') && name.length <= 255,
    );
    assert.ok(path.split('/').length <= LIMITS.pathDepth + 1);
    assert.ok(node.mode >= 0 && node.mode <= 0o7777 && node.uid < 2 ** 32 && node.gid < 2 ** 32);
    assert.ok(Number.isSafeInteger(node.mtime.seconds) && node.mtime.nanoseconds < 1e9);
    if (node.kind !== 'directory') continue;
    assert.ok(!folders.has(node));
    folders.add(node);
  }
}
