import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeBuffers } from './testing/merge-buffers.ts';
import { buildTar, type TarSpec } from './testing/tar-builder.ts';

function hardLink(path: string, linkTarget: string): TarSpec {
  return { path, type: '1', linkTarget, mode: 0 };
}

test('a hard link is the same file under another name, within a layer and across', async () => {
  const merged = await mergeBuffers([
    buildTar({ path: 'a', content: 'x', mode: 0o600 }, hardLink('b', 'a')),
    buildTar(hardLink('dir/c', '/b'), hardLink('dir/d', './dir/c')),
  ]);
  const node = merged.get('a');
  for (const path of ['b', 'dir/c', 'dir/d']) assert.equal(merged.get(path), node);
  assert.equal(node.mode, 0o600);
});

test('replacing one name of a file leaves it under the others', async () => {
  const lower = buildTar({ path: 'a', content: 'old' }, hardLink('b', 'a'), hardLink('c', 'a'));
  const merged = await mergeBuffers([
    lower,
    buildTar({ path: 'a', content: 'new' }, { path: '.wh.c' }),
  ]);
  assert.equal(merged.text('a'), 'new');
  assert.equal(merged.text('b'), 'old');
  assert.deepEqual(merged.paths(), ['a', 'b']);
});

test('contents go when the last name goes', async () => {
  const lower = buildTar({ path: 'a', content: 'old' }, hardLink('b', 'a'));
  const merged = await mergeBuffers([
    lower,
    buildTar({ path: '.wh.a' }),
    buildTar({ path: '.wh.b' }),
  ]);
  assert.deepEqual(merged.paths(), []);
});

test('a new name for an old file is of the new layer: a whiteout of the old one leaves it', async () => {
  const merged = await mergeBuffers([
    buildTar({ path: 'a', content: 'x' }),
    buildTar(hardLink('b', 'a'), { path: '.wh.a' }),
  ]);
  assert.deepEqual(merged.paths(), ['b']);
  assert.equal(merged.text('b'), 'x');
  const again = await mergeBuffers([
    buildTar({ path: 'a', content: 'x' }, hardLink('b', 'a')),
    buildTar(hardLink('b', 'a'), { path: '.wh.b' }, { path: '.wh.a' }),
  ]);
  assert.deepEqual(again.paths(), ['b']);
});

test('a hard link to itself changes nothing', async () => {
  const merged = await mergeBuffers([buildTar({ path: 'a', content: 'x' }, hardLink('a', './a'))]);
  assert.equal(merged.text('a'), 'x');
});

test('a hard link may replace the folder that holds its target', async () => {
  const merged = await mergeBuffers([
    buildTar({ path: 'd/x', content: 'x' }, { path: 'd/y', content: 'y' }, hardLink('d', 'd/x')),
  ]);
  assert.deepEqual(merged.paths(), ['d']);
  assert.equal(merged.text('d'), 'x');
});

test('links, devices and pipes can have a second name too', async () => {
  const merged = await mergeBuffers([
    buildTar(
      { path: 's', type: '2', linkTarget: 'nowhere' },
      hardLink('s2', 's'),
      { path: 'n', type: '3' },
      hardLink('n2', 'n'),
    ),
    buildTar({ path: '.wh.s' }),
  ]);
  assert.equal(merged.get('s2').kind, 'symlink');
  assert.equal(merged.get('n2'), merged.get('n'));
});

test('a hard link to what is not there, or to a folder, is refused', async () => {
  const file: TarSpec = { path: 'a', content: 'x' };
  const refused: [TarSpec[], RegExp][] = [
    [[hardLink('b', 'a'), file], /entry "b": hard link target "a" does not exist/],
    [[file, hardLink('b', 'none/a')], /target "none\/a" does not exist/],
    [[file, hardLink('b', '')], /target "" does not exist/],
    [[file, hardLink('b', '/')], /target "\/" does not exist/],
    [[file, { path: 'd/', type: '5' }, hardLink('b', 'd')], /target "d" is a folder/],
    [[file, hardLink('b', '../a')], /entry "b": hard link target "..\/a": leaves the image/],
    [[file, hardLink('b', '/../../etc/shadow')], /leaves the image/],
    [[file, hardLink('b', 'a/c')], /passes through "a", which is a file/],
  ];
  for (const [specs, message] of refused) {
    await assert.rejects(mergeBuffers([buildTar(...specs)]), { reason: 'IMAGE_CORRUPT', message });
  }
  await assert.rejects(
    mergeBuffers([buildTar(file), buildTar({ path: '.wh.a' }, hardLink('b', 'a'))]),
    /target "a" does not exist/,
  );
  assert.deepEqual((await mergeBuffers([buildTar(file, hardLink('b', 'a'))])).paths(), ['a', 'b']);
});

test("a hard link's target is found through links to folders", async () => {
  const merged = await mergeBuffers([
    buildTar(
      { path: 'usr/lib/a', content: 'x' },
      { path: 'lib', type: '2', linkTarget: 'usr/lib' },
      hardLink('b', 'lib/a'),
    ),
  ]);
  assert.equal(merged.get('b'), merged.get('usr/lib/a'));
});

test("a hard link's own attributes reach neither the file nor what a link points to (GO-2022-0921)", async () => {
  const merged = await mergeBuffers([
    buildTar(
      { path: 'target', mode: 0o600 },
      { path: 's', type: '2', linkTarget: 'target', mode: 0o777 },
    ),
    buildTar(
      { ...hardLink('h', 's'), mode: 0o4777, uid: 5 },
      { ...hardLink('t', 'target'), mode: 0o4777 },
    ),
  ]);
  assert.deepEqual(
    [merged.get('target').mode, merged.get('h').mode, merged.get('h').uid],
    [0o600, 0o777, 0],
  );
});
