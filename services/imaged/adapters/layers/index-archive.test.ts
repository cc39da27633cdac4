import assert from 'node:assert/strict';
import { type FileHandle, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { indexArchive, readMember } from './index-archive.ts';
import { mergeLayers } from './merge-layers.ts';
import { MemoryContents } from './testing/memory-contents.ts';
import { makeFolder, missingTool, runTool } from './testing/run-tool.ts';
import { buildEntry, buildTar, type TarSpec } from './testing/tar-builder.ts';

async function openArchive(t: TestContext, bytes: Buffer): Promise<FileHandle> {
  const path = join(await makeFolder(t), 'archive.tar');
  await writeFile(path, bytes);
  const file = await open(path);
  t.after(() => file.close());
  return file;
}

async function readText(file: FileHandle, name: string): Promise<string> {
  const member = (await indexArchive(file)).get(name);
  assert.ok(member, `${name} is not in the archive`);
  return Buffer.concat(await Array.fromAsync(readMember(file, member))).toString();
}

test('members are found by their plain paths and read alone', async (t) => {
  const big = 'big '.repeat(700_000);
  const file = await openArchive(
    t,
    buildTar(
      { path: './oci-layout', content: '{}' },
      { path: 'blobs/', type: '5' },
      { path: 'blobs/sha256/aa', content: big },
      { path: '/empty' },
      { path: 'x', content: 'long', pax: [['path', `blobs/sha256/${'b'.repeat(128)}`]] },
    ),
  );
  const index = await indexArchive(file);
  assert.deepEqual(
    [...index.keys()],
    ['oci-layout', 'blobs/sha256/aa', 'empty', `blobs/sha256/${'b'.repeat(128)}`],
  );
  assert.equal(await readText(file, 'oci-layout'), '{}');
  assert.equal(await readText(file, 'blobs/sha256/aa'), big);
  assert.equal(await readText(file, 'empty'), '');
  assert.equal(await readText(file, `blobs/sha256/${'b'.repeat(128)}`), 'long');
});

test('a layer inside an archive merges without being unpacked', async (t) => {
  const layer = gzipSync(buildTar({ path: 'etc/hostname', content: 'inner' }));
  const file = await openArchive(t, buildTar({ path: 'layer.tar', content: layer }));
  const member = (await indexArchive(file)).get('layer.tar');
  assert.ok(member);
  const source = { sizeBytes: member.sizeBytes, open: () => readMember(file, member) };
  const { root } = await mergeLayers([source], new MemoryContents());
  assert.deepEqual([...root.children.keys()], ['etc']);
});

test('links to members are members, as `docker save` writes a layer that is there twice', async (t) => {
  const file = await openArchive(
    t,
    buildTar(
      { path: 'abc/layer.tar', content: 'layer' },
      { path: 'def/layer.tar', type: '2', linkTarget: '../abc/layer.tar' },
      { path: 'ghi/layer.tar', type: '2', linkTarget: '/def/./layer.tar' },
      { path: 'hard', type: '1', linkTarget: './abc/layer.tar' },
      { path: 'dangling', type: '2', linkTarget: 'nothing' },
      { path: 'loop', type: '2', linkTarget: 'loop' },
    ),
  );
  const index = await indexArchive(file);
  for (const name of ['def/layer.tar', 'ghi/layer.tar', 'hard']) {
    assert.deepEqual(index.get(name), index.get('abc/layer.tar'));
  }
  assert.equal(index.has('dangling') || index.has('loop'), false);
});

test('hostile archives are refused', async (t) => {
  const refused: [TarSpec[], RegExp][] = [
    [
      [
        { path: 'index.json', content: 'a' },
        { path: './index.json', content: 'b' },
      ],
      /entry "\.\/index\.json": is in the archive twice/,
    ],
    [[{ path: '../index.json' }], /leaves the image/],
    [[{ path: 'a/b', type: '2', linkTarget: '../../x' }], /links out of the archive/],
    [[{ path: 'a', type: '1', linkTarget: '../x' }], /leaves the image/],
    [
      [
        {
          path: 'a',
          pax: [
            ['GNU.sparse.size', '10'],
            ['GNU.sparse.map', '0,0'],
          ],
        },
      ],
      /stored as a sparse file/,
    ],
    [[{ path: 'a', size: 2 ** 32 }], /cut short/],
  ];
  for (const [specs, message] of refused) {
    const file = await openArchive(t, buildTar(...specs));
    await assert.rejects(indexArchive(file), { reason: 'IMAGE_CORRUPT', message });
  }
  const many = await openArchive(
    t,
    buildTar(...Array.from({ length: 11 }, (_, at) => ({ path: `f${at}` }))),
  );
  await assert.rejects(indexArchive(many, { limits: { entries: 10 } }), /too many entries/);
  assert.equal((await indexArchive(many, { limits: { entries: 11 } })).size, 11);
});

test('an archive cut short in a member, or followed by data, is refused', async (t) => {
  const whole = buildTar({ path: 'a', content: 'x'.repeat(10_000) });
  const short = await openArchive(t, whole.subarray(0, 5000));
  await assert.rejects(indexArchive(short), {
    reason: 'IMAGE_CORRUPT',
    message: /entry "a": archive is cut short at byte 5000/,
  });
  const longer = await openArchive(t, Buffer.concat([whole, buildEntry({ path: 'b' })]));
  await assert.rejects(indexArchive(longer), /data after its end/);
  assert.equal((await indexArchive(await openArchive(t, whole))).size, 1);
});

test('a compressed archive is refused with what to do', async (t) => {
  const file = await openArchive(t, gzipSync(buildTar({ path: 'a' })));
  await assert.rejects(indexArchive(file), {
    reason: 'FEATURE_UNSUPPORTED',
    message: /compressed with gzip; decompress it first/,
  });
});

test('an abort ends the indexing', async (t) => {
  const file = await openArchive(t, buildTar({ path: 'a' }));
  const signal = AbortSignal.abort(new Error('stopped'));
  await assert.rejects(indexArchive(file, { signal }), { message: 'stopped' });
});

test('what GNU tar makes of a layout is indexed', { skip: missingTool('tar') }, async (t) => {
  const folder = await makeFolder(t);
  await mkdir(join(folder, 'layout/blobs/sha256'), { recursive: true });
  await writeFile(join(folder, 'layout/index.json'), '{"schemaVersion":2}');
  await writeFile(join(folder, 'layout/blobs/sha256/aa'), Buffer.alloc(100_000, 'a'));
  await symlink('aa', join(folder, 'layout/blobs/sha256/bb'));
  runTool('tar', ['-C', join(folder, 'layout'), '-cf', join(folder, 'layout.tar'), '.']);
  const file = await open(join(folder, 'layout.tar'));
  t.after(() => file.close());
  assert.equal(await readText(file, 'index.json'), '{"schemaVersion":2}');
  assert.equal((await readText(file, 'blobs/sha256/bb')).length, 100_000);
});
