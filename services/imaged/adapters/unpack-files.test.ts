import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { makeTar, type TarMember } from '../testing/tar-bytes.ts';
import { makeTemporaryFolder } from '../testing/temporary-folder.ts';
import { unpackFiles } from './unpack-files.ts';

const FILES: TarMember[] = [
  { name: './vmlinux', content: Buffer.from('kernel') },
  { name: 'lib/modules/1/a.ko', content: Buffer.from('module') },
  { name: 'other', content: Buffer.from('unwanted') },
];

async function unpack(t: TestContext, archive: Buffer): Promise<string> {
  const folder = await makeTemporaryFolder(t);
  const path = join(await makeTemporaryFolder(t), 'archive');
  await writeFile(path, archive);
  await unpackFiles(callOf(), path, folder, (name) => name !== 'other');
  return folder;
}

test('wanted files are written, however the archive is compressed', async (t) => {
  const plain = makeTar(FILES);
  for (const archive of [plain, gzipSync(plain), zstdCompressSync(plain)]) {
    const folder = await unpack(t, archive);
    assert.deepEqual((await readdir(folder)).sort(), ['lib', 'vmlinux']);
    assert.equal(await readFile(join(folder, 'vmlinux'), 'utf8'), 'kernel');
    assert.equal(await readFile(join(folder, 'lib/modules/1/a.ko'), 'utf8'), 'module');
  }
});

test('links are not made, so nothing is written through one', async (t) => {
  const outside = await makeTemporaryFolder(t);
  const folder = await unpack(
    t,
    makeTar([
      { name: 'lib', type: '2', link: outside },
      { name: 'lib/a', content: Buffer.from('x') },
      { name: 'hard', type: '1', link: 'lib/a' },
      { name: '/etc', content: Buffer.from('below the folder') },
    ]),
  );
  assert.deepEqual(await readdir(outside), []);
  assert.deepEqual((await readdir(folder)).sort(), ['etc', 'lib']);
});

test('a name that climbs, a name that comes twice and a cut archive are refused', async (t) => {
  const climbing = makeTar([{ name: '../vmlinux', content: Buffer.from('x') }]);
  await assert.rejects(unpack(t, climbing), failsWith('IMAGE_CORRUPT', /\.\./));
  const twice = makeTar([...FILES, ...FILES]);
  await assert.rejects(unpack(t, twice), failsWith('IMAGE_CORRUPT', /vmlinux.* is there already/));
  const cut = makeTar(FILES).subarray(0, 700);
  await assert.rejects(unpack(t, cut), failsWith('IMAGE_CORRUPT', /cut|end/));
});
