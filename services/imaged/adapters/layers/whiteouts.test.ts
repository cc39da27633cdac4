import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeBuffers } from './testing/merge-buffers.ts';
import { buildTar, type TarSpec } from './testing/tar-builder.ts';

const LOWER: TarSpec[] = [
  { path: 'd/', type: '5', mode: 0o700 },
  { path: 'd/old', content: 'old' },
  { path: 'd/sub/deep', content: 'deep' },
  { path: 'f', content: 'f' },
];

/** The paths after a layer over LOWER; the layer's entries are tried in the given order and its reverse. */
async function pathsAfter(...specs: TarSpec[]): Promise<string[]> {
  const forth = (await mergeBuffers([buildTar(...LOWER), buildTar(...specs)])).paths();
  const back = (await mergeBuffers([buildTar(...LOWER), buildTar(...specs.toReversed())])).paths();
  assert.deepEqual(back, forth, 'the order of entries made a difference');
  return forth;
}

test('a whiteout removes a file of an earlier layer', async () => {
  assert.deepEqual(await pathsAfter({ path: '.wh.f' }), ['d/', 'd/old', 'd/sub/', 'd/sub/deep']);
  assert.deepEqual(await pathsAfter({ path: 'd/.wh.old' }), ['d/', 'd/sub/', 'd/sub/deep', 'f']);
});

test('a whiteout removes a folder with all that is in it', async () => {
  assert.deepEqual(await pathsAfter({ path: '.wh.d' }), ['f']);
});

test('a whiteout does not remove what its own layer adds', async () => {
  const merged = await mergeBuffers([
    buildTar(...LOWER),
    buildTar({ path: 'f', content: 'new' }, { path: '.wh.f' }),
  ]);
  assert.equal(merged.text('f'), 'new');
  assert.deepEqual(await pathsAfter({ path: '.wh.f' }, { path: 'f', content: 'new' }), [
    'd/',
    'd/old',
    'd/sub/',
    'd/sub/deep',
    'f',
  ]);
});

test('a folder that is removed and added again in one layer is a new one', async () => {
  assert.deepEqual(await pathsAfter({ path: '.wh.d' }, { path: 'd/', type: '5' }), ['d/', 'f']);
  assert.deepEqual(await pathsAfter({ path: '.wh.d' }, { path: 'd/new' }), ['d/', 'd/new', 'f']);
  assert.deepEqual(await pathsAfter({ path: '.wh.d' }, { path: 'd/sub/new' }), [
    'd/',
    'd/sub/',
    'd/sub/new',
    'f',
  ]);
  for (const specs of [
    [{ path: '.wh.d' }, { path: 'd/new' }],
    [{ path: 'd/new' }, { path: '.wh.d' }],
  ]) {
    const merged = await mergeBuffers([buildTar(...LOWER), buildTar(...specs)]);
    assert.equal(merged.get('d').mode, 0o755);
  }
});

test('an opaque folder keeps only what its own layer puts there, wherever the mark stands', async () => {
  const opaque = { path: 'd/.wh..wh..opq' };
  assert.deepEqual(await pathsAfter(opaque), ['d/', 'f']);
  assert.deepEqual(await pathsAfter(opaque, { path: 'd/new' }), ['d/', 'd/new', 'f']);
  assert.deepEqual(await pathsAfter(opaque, { path: 'd/sub/new' }), [
    'd/',
    'd/sub/',
    'd/sub/new',
    'f',
  ]);
  assert.deepEqual(await pathsAfter(opaque, { path: 'd/old', content: 'again' }), [
    'd/',
    'd/old',
    'f',
  ]);
  assert.deepEqual(await pathsAfter(opaque, { path: 'd/sub/', type: '5' }), ['d/', 'd/sub/', 'f']);
});

test('an opaque root empties the image', async () => {
  assert.deepEqual(await pathsAfter({ path: '.wh..wh..opq' }, { path: 'new' }), ['new']);
});

test('an opaque folder keeps its attributes unless the layer has an entry for it', async () => {
  const merged = await mergeBuffers([buildTar(...LOWER), buildTar({ path: 'd/.wh..wh..opq' })]);
  assert.equal(merged.get('d').mode, 0o700);
});

test('whiteouts of things that are not there change nothing and make no folders', async () => {
  const before = ['d/', 'd/old', 'd/sub/', 'd/sub/deep', 'f'];
  assert.deepEqual(
    await pathsAfter({ path: '.wh.none' }, { path: 'none/.wh.x' }, { path: 'none/.wh..wh..opq' }),
    before,
  );
});

test('whiteouts in the first layer change nothing', async () => {
  const merged = await mergeBuffers([
    buildTar({ path: 'a' }, { path: '.wh.a' }, { path: 'b/c' }, { path: 'b/.wh..wh..opq' }),
  ]);
  assert.deepEqual(merged.paths(), ['a', 'b/', 'b/c']);
});

test('whiteouts leave the layers after theirs alone', async () => {
  const merged = await mergeBuffers([
    buildTar(...LOWER),
    buildTar({ path: '.wh.d' }, { path: '.wh.f' }),
    buildTar({ path: 'd/again' }, { path: 'f', content: '3' }),
  ]);
  assert.deepEqual(merged.paths(), ['d/', 'd/again', 'f']);
});

test('a whiteout works through a link to a folder', async () => {
  const merged = await mergeBuffers([
    buildTar(...LOWER, { path: 'link', type: '2', linkTarget: 'd' }),
    buildTar({ path: 'link/.wh.old' }),
  ]);
  assert.deepEqual(merged.paths(), ['d/', 'd/sub/', 'd/sub/deep', 'f', 'link']);
});

test("AUFS' own records are ignored", async () => {
  const before = ['d/', 'd/old', 'd/sub/', 'd/sub/deep', 'f'];
  const records = [
    { path: '.wh..wh.aufs' },
    { path: '.wh..wh.orph/', type: '5' },
    { path: '.wh..wh.plnk/12.34', content: 'x' },
  ];
  assert.deepEqual(await pathsAfter(...records), before);
});

test("whiteouts that would remove a folder by its own or its parent's name are refused", async () => {
  for (const path of ['d/.wh.', 'd/.wh..', 'd/.wh...', '.wh.']) {
    const merging = mergeBuffers([buildTar(...LOWER), buildTar({ path })]);
    await assert.rejects(merging, { reason: 'IMAGE_CORRUPT', message: /is a whiteout of no file/ });
  }
  await assert.rejects(
    mergeBuffers([buildTar({ path: '.wh.d/x' })]),
    /in a folder that is a whiteout/,
  );
});

test('many whiteouts of one folder cost no more than one', async () => {
  const files = Array.from({ length: 20_000 }, (_, index) => ({ path: `d/new${index}` }));
  const marks = Array.from({ length: 20_000 }, (_, index) => ({
    path: index % 2 === 0 ? 'd/.wh..wh..opq' : '.wh.d',
  }));
  const merged = await mergeBuffers([buildTar(...LOWER), buildTar(...files, ...marks)]);
  assert.equal(merged.paths().length, 20_002);
});
