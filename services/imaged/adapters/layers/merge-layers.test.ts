import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { BangerError } from '#kit/errors.ts';
import { mergeLayers } from './merge-layers.ts';
import { MemoryContents } from './testing/memory-contents.ts';
import { mergeBuffers } from './testing/merge-buffers.ts';
import { buildEntry, buildTar } from './testing/tar-builder.ts';
import { toSource } from './testing/to-source.ts';

test('no layers make an empty root', async () => {
  const merged = await mergeBuffers([]);
  assert.deepEqual(merged.paths(), []);
  assert.equal(merged.tree.root.mode, 0o755);
});

test('a later layer adds to an earlier one and replaces its files', async () => {
  const merged = await mergeBuffers([
    buildTar(
      { path: 'a', content: 'old' },
      { path: 'dir/', type: '5' },
      { path: 'dir/kept', content: 'kept' },
    ),
    buildTar({ path: 'a', content: 'new', mode: 0o600 }, { path: 'dir/added', content: 'added' }),
  ]);
  assert.deepEqual(merged.paths(), ['a', 'dir/', 'dir/added', 'dir/kept']);
  assert.equal(merged.text('a'), 'new');
  assert.equal(merged.get('a').mode, 0o600);
});

test('layers of different compressions merge', async () => {
  const layers = ['plain', 'gzip', 'zstd'].map((name) => buildTar({ path: name, content: name }));
  const [plain, gzip, zstd] = layers as [Buffer, Buffer, Buffer];
  const merged = await mergeBuffers([plain, gzipSync(gzip), zstdCompressSync(zstd)]);
  assert.deepEqual(
    merged.paths().map((path) => merged.text(path)),
    ['gzip', 'plain', 'zstd'],
  );
});

test('every kind of node keeps its attributes', async () => {
  const merged = await mergeBuffers([
    buildTar(
      { path: 'su', mode: 0o4755, uid: 1, gid: 2, mtime: 3, content: 'x' },
      { path: 'null', type: '3', device: [1, 3], mode: 0o666 },
      { path: 'disk', type: '4', device: [8, 1] },
      { path: 'pipe', type: '6', mode: 0o622 },
      { path: 'link', type: '2', linkTarget: '/etc/\xff', mode: 0o777 },
      { path: 'tmp/', type: '5', mode: 0o1777, mtime: 9 },
    ),
  ]);
  const mtime = { seconds: 0, nanoseconds: 0 };
  const plain = { uid: 0, gid: 0, mtime };
  assert.equal(merged.get('su').mode, 0o4755);
  assert.deepEqual(
    [merged.get('su').uid, merged.get('su').gid, merged.get('su').mtime.seconds],
    [1, 2, 3],
  );
  assert.deepEqual(merged.get('null'), {
    ...plain,
    kind: 'character',
    mode: 0o666,
    major: 1,
    minor: 3,
  });
  assert.deepEqual(merged.get('disk'), {
    ...plain,
    kind: 'block',
    mode: 0o644,
    major: 8,
    minor: 1,
  });
  assert.deepEqual(merged.get('pipe'), { ...plain, kind: 'fifo', mode: 0o622 });
  const target = Buffer.from('/etc/\xff', 'latin1');
  assert.deepEqual(merged.get('link'), { ...plain, kind: 'symlink', mode: 0o777, target });
  assert.equal(merged.get('tmp').mode, 0o1777);
});

test('the last of several entries for a path in one layer wins', async () => {
  const merged = await mergeBuffers([
    buildTar(
      { path: 'a', content: '1' },
      { path: './a', content: '2' },
      { path: '/a', content: '3' },
    ),
  ]);
  assert.deepEqual(merged.paths(), ['a']);
  assert.equal(merged.text('a'), '3');
});

test('folders without an entry are made for root to own', async () => {
  const merged = await mergeBuffers([buildTar({ path: 'a/b/c', content: '', uid: 5, mtime: 7 })]);
  for (const path of ['a', 'a/b']) {
    const { mode, uid, gid, mtime } = merged.get(path);
    assert.deepEqual([mode, uid, gid, mtime], [0o755, 0, 0, { seconds: 0, nanoseconds: 0 }]);
  }
});

test('a folder over a folder keeps what is in it and takes the new attributes', async () => {
  const merged = await mergeBuffers([
    buildTar(
      { path: 'd/', type: '5', mode: 0o700, pax: [['SCHILY.xattr.user.a', '1']] },
      { path: 'd/x', content: 'x' },
    ),
    buildTar({ path: 'd', type: '5', mode: 0o755, uid: 3 }),
  ]);
  assert.deepEqual(merged.paths(), ['d/', 'd/x']);
  const { mode, uid, xattrs } = merged.get('d');
  assert.deepEqual([mode, uid, xattrs], [0o755, 3, undefined]);
});

test('an entry for the root sets its attributes', async () => {
  for (const path of ['./', '/', '.', '././/']) {
    const merged = await mergeBuffers([
      buildTar({ path, type: '5', mode: 0o700, uid: 4 }, { path: 'a' }),
    ]);
    assert.deepEqual([merged.tree.root.mode, merged.tree.root.uid], [0o700, 4]);
    assert.deepEqual(merged.paths(), ['a']);
  }
});

test("another type replaces a node, and a folder's contents go with it", async () => {
  const folder = buildTar({ path: 'x/y/z', content: 'z' }, { path: 'x/w', content: 'w' });
  const overFolder = await mergeBuffers([folder, buildTar({ path: 'x', content: 'file' })]);
  assert.deepEqual(overFolder.paths(), ['x']);
  assert.equal(overFolder.text('x'), 'file');

  const overFile = await mergeBuffers([buildTar({ path: 'x', content: 'file' }), folder]).catch(
    (error) => error,
  );
  assert.match(overFile.message, /passes through "x", which is a file/);
  const entry = buildTar({ path: 'x/', type: '5' }, { path: 'x/y', content: 'y' });
  assert.deepEqual(
    (await mergeBuffers([buildTar({ path: 'x', content: 'file' }), entry])).paths(),
    ['x/', 'x/y'],
  );

  const link = buildTar({ path: 'x', type: '2', linkTarget: 'w' });
  assert.equal((await mergeBuffers([folder, link])).get('x').kind, 'symlink');
});

test('a folder replaces a link to a folder, and does not follow it', async () => {
  const merged = await mergeBuffers([
    buildTar({ path: 'usr/lib/', type: '5' }, { path: 'lib', type: '2', linkTarget: 'usr/lib' }),
    buildTar({ path: 'lib/', type: '5', mode: 0o700 }),
  ]);
  assert.deepEqual(merged.paths(), ['lib/', 'usr/', 'usr/lib/']);
});

test('entries below a link to a folder land in that folder', async () => {
  const merged = await mergeBuffers([
    buildTar(
      { path: 'usr/lib/', type: '5' },
      { path: 'lib', type: '2', linkTarget: 'usr/lib' },
      { path: 'usr/abs', type: '2', linkTarget: '/usr/./lib/' },
      { path: 'up', type: '2', linkTarget: '../../../usr/../usr/abs' },
    ),
    buildTar(
      { path: 'lib/a' },
      { path: 'usr/abs/b' },
      { path: 'up/c/d' },
      { path: 'up/a', type: '2', linkTarget: 'b' },
    ),
  ]);
  const expected = [
    'lib',
    'up',
    'usr/',
    'usr/abs',
    'usr/lib/',
    'usr/lib/a',
    'usr/lib/b',
    'usr/lib/c/',
    'usr/lib/c/d',
  ];
  assert.deepEqual(merged.paths(), expected);
  assert.equal(merged.get('usr/lib/a').kind, 'symlink');
});

test('a link that leads nowhere gets its folder made, as containerd does', async () => {
  const merged = await mergeBuffers([
    buildTar({ path: 'run', type: '2', linkTarget: 'var/run' }, { path: 'run/pid', content: '1' }),
  ]);
  assert.deepEqual(merged.paths(), ['run', 'var/', 'var/run/', 'var/run/pid']);
});

test('names that look alike or hold odd bytes stay apart', async () => {
  const names = ['\xff', '\xc3\xbf', 'a\\b', '__proto__', ' ', '...', 'x\n', '\u0001'];
  const merged = await mergeBuffers([buildTar(...names.map((path) => ({ path, content: path })))]);
  assert.deepEqual(merged.paths(), names.toSorted());
});

test("extended attributes of the image are kept, the builder's own left out", async () => {
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
  const pax = [
    ['SCHILY.xattr.security.capability', capability],
    ['SCHILY.xattr.user.note', 'text'],
    ['SCHILY.xattr.system.posix_acl_access', Buffer.from([2, 0, 0, 0])],
    ['SCHILY.xattr.trusted.mine', 'kept'],
    ['SCHILY.xattr.trusted.overlay.opaque', 'y'],
    ['SCHILY.xattr.user.overlay.origin', 'y'],
    ['SCHILY.xattr.com.apple.quarantine', 'y'],
    ['SCHILY.xattr.user.', 'nameless'],
  ] as const;
  const merged = await mergeBuffers([buildTar({ path: 'a', pax }, { path: 'b' })]);
  const kept = ['security.capability', 'user.note', 'system.posix_acl_access', 'trusted.mine'];
  assert.deepEqual([...(merged.get('a').xattrs?.keys() ?? [])], kept);
  assert.deepEqual(merged.get('a').xattrs?.get('security.capability'), capability);
  assert.equal('xattrs' in merged.get('b'), false);
});

test('sparse files keep their holes', async () => {
  const pax = [
    ['GNU.sparse.size', '1000000000000'],
    ['GNU.sparse.map', '0,4,999999999990,2'],
  ] as const;
  const merged = await mergeBuffers([buildTar({ path: 'lastlog', content: 'abcdef', pax })]);
  const node = merged.get('lastlog');
  assert.equal(node.kind === 'file' && node.content.sizeBytes, 1_000_000_000_000);
});

test('the same layers give the same tree and the same calls, whatever the chunks', async () => {
  const layers = [
    buildTar({ path: 'a', content: 'x'.repeat(5000) }, { path: 'b/c', content: 'y'.repeat(700) }),
    gzipSync(buildTar({ path: 'b/.wh.c' }, { path: 'b/d', type: '1', linkTarget: 'a' })),
  ];
  const whole = await mergeBuffers(layers);
  for (const chunkBytes of [100, 512, 1000]) {
    const cut = await mergeBuffers(layers.map((layer) => toSource(layer, chunkBytes)));
    assert.deepEqual(cut.tree, whole.tree);
  }
});

test('progress counts stored bytes and entries up to the end', async () => {
  const layers = [
    buildTar({ path: 'a/b', content: 'x' }),
    gzipSync(buildTar({ path: 'c' }, { path: 'd' })),
  ];
  const seen: number[][] = [];
  await mergeBuffers(layers, {
    report: ({ layer, layers: count, bytesRead, entries }) =>
      seen.push([layer, count, bytesRead, entries]),
  });
  assert.deepEqual(seen.at(-1), [1, 2, layers.reduce((sum, { length }) => sum + length, 0), 4]);
  assert.equal(seen[0]?.[0], 0);
});

test('an archive without an end is taken only where a digest vouches for it', async () => {
  const whole = buildTar({ path: 'a' });
  const unmarked = buildEntry({ path: 'a' });
  await assert.rejects(mergeBuffers([unmarked]), { reason: 'IMAGE_CORRUPT', message: /no end/ });
  assert.deepEqual((await mergeBuffers([whole])).paths(), ['a']);
  const digest = `sha256:${createHash('sha256').update(unmarked).digest('hex')}`;
  assert.deepEqual((await mergeBuffers([{ ...toSource(unmarked), digest }])).paths(), ['a']);
});

test('an abort rejects with its reason', async () => {
  const controller = new AbortController();
  const layers = [buildTar({ path: 'a' })];
  assert.deepEqual((await mergeBuffers(layers, { signal: controller.signal })).paths(), ['a']);
  controller.abort(new Error('stopped'));
  await assert.rejects(mergeBuffers(layers, { signal: controller.signal }), { message: 'stopped' });
});

test('an error of the writer is passed on as it is', async () => {
  const full = new BangerError('DISK_FULL', 'no space is left');
  const contents = new MemoryContents();
  contents.append = () => Promise.reject(full);
  const layer = buildTar({ path: 'a', content: 'x' });
  await assert.rejects(mergeLayers([toSource(layer)], contents), full);
});

test('sources are closed when merging ends, well or not', async () => {
  for (const second of [buildTar({ path: 'b' }), buildTar({ path: '../b' })]) {
    const opened: Readable[] = [];
    const layers = [buildTar({ path: 'a' }), second, gzipSync(buildTar({ path: 'c' }))].map(
      (bytes) => ({
        open: () => {
          const source = Readable.from([bytes]);
          opened.push(source);
          return source;
        },
      }),
    );
    await mergeLayers(layers, new MemoryContents()).catch((error) =>
      assert.match(error.message, /layer 2/),
    );
    assert.deepEqual(
      opened.map(({ destroyed }) => destroyed),
      [true, true, true],
    );
  }
});
