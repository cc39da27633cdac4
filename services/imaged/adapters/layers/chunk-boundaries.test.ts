import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { mergeBuffers } from './testing/merge-buffers.ts';
import { gnuSparse, paxSparse, type Runs } from './testing/sparse-builder.ts';
import { buildTar, longName, type TarSpec } from './testing/tar-builder.ts';

const CHUNK_BLOCKS = 1024 ** 2 / 512;

const MANY: Runs = Array.from({ length: 100 }, (_, index) => [index * 100, 7]);

/** Entries of several blocks each, of every kind that is read in more than one piece. */
const ENTRIES: TarSpec[] = [
  {
    path: 'x',
    content: 'pax',
    pax: [
      ['path', `pax${'p'.repeat(200)}`],
      ['SCHILY.xattr.user.x', 'v'.repeat(1500)],
    ],
  },
  longName('L', `d/${'l/'.repeat(100)}${'n'.repeat(250)}`),
  { path: 'x', content: 'named' },
  { ...gnuSparse(MANY, 20_000), path: 'gnu-sparse' },
  { ...paxSparse('0.1', MANY, 20_000), path: 'x' },
  { path: 'big', content: Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 251)) },
  { path: 'link', type: '2', linkTarget: 'big' },
  { path: 'null', type: '3', device: [1, 3] },
];

const BLOCKS = buildTar(...ENTRIES).length / 512;

/** The memory of a decompressed chunk is freed when the next is read; whatever was kept of it would be gone. */
test('entries are read whole wherever a decompressed chunk ends among them', async () => {
  const expected = await mergeBuffers([buildTar(...ENTRIES)]);
  const filler = Buffer.from(
    Array.from({ length: CHUNK_BLOCKS * 512 }, (_, index) => (index * index) >> 11),
  );
  for (let blocks = CHUNK_BLOCKS - BLOCKS; blocks < CHUNK_BLOCKS; blocks += 1) {
    const before = { path: 'filler', content: filler.subarray(0, blocks * 512) };
    const archive = buildTar(before, ...ENTRIES, { path: 'after', content: filler });
    const compress = blocks % 2 === 0 ? gzipSync : zstdCompressSync;
    const merged = await mergeBuffers([compress(archive)]);
    const paths = expected.paths();
    assert.deepEqual(merged.paths(), [...paths, 'filler', 'after'].sort());
    for (const path of paths.filter((name) => !name.endsWith('/'))) {
      assert.deepEqual(merged.get(path), expected.get(path));
      if (merged.get(path).kind === 'file') assert.equal(merged.text(path), expected.text(path));
    }
    assert.equal(merged.text('after'), filler.toString('latin1'));
  }
});
