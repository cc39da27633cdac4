import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntries } from '../testing/read-entries.ts';
import { buildEntry, buildTar, longName, type TarSpec } from '../testing/tar-builder.ts';

async function readOne(...specs: TarSpec[]) {
  const entries = await readEntries(buildTar(...specs));
  assert.equal(entries.length, 1);
  return entries[0] as NonNullable<(typeof entries)[0]>;
}

test('a version 7 archive tells folders by the slash at their end', async () => {
  const entries = await readEntries(
    buildTar(
      { magic: 'v7', type: '\0', path: 'a/', mode: 0o755 },
      { magic: 'v7', type: '\0', path: 'a/b', content: 'hello' },
    ),
  );
  assert.deepEqual(
    entries.map(({ kind, path, content }) => [kind, path, content]),
    [
      ['directory', 'a/', ''],
      ['file', 'a/b', 'hello'],
    ],
  );
});

test('attributes come through, setuid included', async () => {
  const entry = await readOne({ mode: 0o104755, uid: 7, gid: 8, mtime: 1234567890, content: 'x' });
  assert.equal(entry.mode, 0o4755);
  assert.deepEqual([entry.uid, entry.gid], [7, 8]);
  assert.deepEqual(entry.mtime, { seconds: 1234567890, nanoseconds: 0 });
});

test('devices, pipes and links come through, and their size is taken as zero', async () => {
  const entries = await readEntries(
    buildTar(
      { type: '3', path: 'null', device: [1, 3] },
      { type: '4', path: 'sda', device: [8, 0] },
      { type: '6', path: 'pipe' },
      { type: '1', path: 'hard', linkTarget: 'null', size: 4096 },
      { type: '2', path: 'soft', linkTarget: '../x' },
      { type: '5', path: 'dir/', size: 4096 },
    ),
  );
  assert.deepEqual(
    entries.map((entry) => entry.kind),
    ['character', 'block', 'fifo', 'hard link', 'symlink', 'directory'],
  );
  assert.deepEqual(entries[0]?.device, { kind: 'character', major: 1, minor: 3 });
  assert.equal(entries[4]?.linkTarget, '../x');
});

test('a POSIX prefix goes before the name, and GNU has none', async () => {
  assert.equal((await readOne({ path: 'name', prefix: 'some/where' })).path, 'some/where/name');
  assert.equal(
    (await readOne({ magic: 'gnu', path: 'name', prefix: '13371337133\0' })).path,
    'name',
  );
});

test('a prefix that old Docker wrote into a GNU header is recognized', async () => {
  const entry = await readOne({ magic: 'gnu', path: 'name', prefix: 'usr/share' });
  assert.equal(entry.path, 'usr/share/name');
});

test('GNU long names and link targets hold any bytes', async () => {
  const path = `${'long/'.repeat(60)}\xff\x01\\name`;
  const linkTarget = `${'t'.repeat(300)}\xfe`;
  const entry = await readOne(longName('K', linkTarget), longName('L', path), {
    magic: 'gnu',
    type: '2',
    path: 'short',
    linkTarget: 'short',
  });
  assert.equal(entry.path, path);
  assert.equal(entry.linkTarget, linkTarget);
});

test('names that fill their field have no NUL at the end', async () => {
  const entry = await readOne({ path: 'n'.repeat(100), type: '2', linkTarget: 't'.repeat(100) });
  assert.equal(entry.path, 'n'.repeat(100));
  assert.equal(entry.linkTarget, 't'.repeat(100));
});

test('long names hold for one entry only', async () => {
  const entries = await readEntries(
    buildTar(
      longName('L', 'first'),
      { path: 'x' },
      { path: 'second', pax: [['uid', '5']] },
      { path: 'third' },
    ),
  );
  assert.deepEqual(
    entries.map(({ path, uid }) => [path, uid]),
    [
      ['first', 0],
      ['second', 5],
      ['third', 0],
    ],
  );
});

test('binary sizes and owners are read', async () => {
  const entry = await readOne({
    content: 'four',
    patch: (block) => {
      block.write('\x80\0\0\0\0\0\0\0\0\0\0\x04', 124, 'latin1');
      block.write('\x80\0\0\0\xff\xff\xff\xfe', 108, 'latin1');
    },
  });
  assert.equal(entry.content, 'four');
  assert.equal(entry.uid, 4294967294);
});

test('an archive reads the same however its bytes are cut into chunks', async () => {
  const archive = buildTar(
    {
      path: 'pax',
      content: 'x'.repeat(700),
      pax: [
        ['path', 'p'.repeat(600)],
        ['SCHILY.xattr.user.a', 'v'],
      ],
    },
    longName('L', 'n'.repeat(600)),
    { path: 'x', content: 'y'.repeat(1500) },
    { path: 'empty' },
    { path: 'exact', content: 'z'.repeat(1024) },
    { path: 'after', content: 'end' },
  );
  const whole = await readEntries(archive);
  assert.deepEqual(
    whole.map((entry) => entry.content.length),
    [700, 1500, 0, 1024, 3],
  );
  for (const chunkBytes of [1, 7, 100, 511, 512, 513, 1000, 1024, 4096]) {
    assert.deepEqual(await readEntries(archive, { chunkBytes }), whole, `chunks of ${chunkBytes}`);
  }
});

test('offsets point at the contents', async () => {
  const archive = buildTar(
    { path: 'a', content: 'first' },
    { path: 'b', content: 'second', pax: [['uid', '1']] },
  );
  for (const { offset, content } of await readEntries(archive)) {
    assert.equal(archive.toString('latin1', offset, offset + content.length), content);
  }
});

test('an archive may end by one zero block, by many, or by none at all', async () => {
  const entry = buildEntry({ path: 'a', content: 'text' });
  for (const blocks of [0, 1, 2, 20, 1000]) {
    const archive = Buffer.concat([entry, Buffer.alloc(512 * blocks)]);
    assert.equal((await readEntries(archive)).length, 1, `${blocks} blocks`);
  }
});

test('checksums summed over signed bytes are accepted', async () => {
  const archive = buildTar({ path: 'caf\xe9' });
  const sum = archive
    .subarray(0, 512)
    .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  archive.write((sum - 256).toString(8).padStart(6, '0'), 148, 'latin1');
  assert.equal((await readEntries(archive))[0]?.path, 'caf\xe9');
  archive.write((sum - 255).toString(8).padStart(6, '0'), 148, 'latin1');
  await assert.rejects(readEntries(archive), { reason: 'IMAGE_CORRUPT', message: /checksum/ });
});
