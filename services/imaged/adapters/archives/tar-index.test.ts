import assert from 'node:assert/strict';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { missingTool, runTool } from '../../testing/run-tool.ts';
import { mutate, seededRandom } from '../../testing/seeded-random.ts';
import { makeTar } from '../../testing/tar-bytes.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { readRange } from './read-range.ts';
import { indexTar } from './tar-index.ts';

async function find(
  t: TestContext,
  tar: Buffer | string,
  name: string,
): Promise<string | undefined> {
  const path = typeof tar === 'string' ? tar : join(await makeTemporaryFolder(t), 'x.tar');
  if (typeof tar !== 'string') await writeFile(path, tar);
  await using file = await open(path);
  const range = (await indexTar(file, 'archive'))?.find(name);
  if (range === undefined) return undefined;
  return Buffer.concat(await Array.fromAsync(readRange(file, range, 'archive'))).toString();
}

const skip = await missingTool('tar');
const LONG = `${'folder/'.repeat(40)}name-${'x'.repeat(120)}`;

for (const format of ['ustar', 'gnu', 'pax', 'oldgnu', 'v7']) {
  test(`finds files in what tar writes as ${format}`, { skip }, async (t) => {
    const folder = await makeTemporaryFolder(t);
    const names = ['a', 'some/b', ...(format === 'ustar' || format === 'v7' ? [] : [LONG])];
    for (const name of names) {
      await mkdir(dirname(join(folder, 'files', name)), { recursive: true });
      await writeFile(join(folder, 'files', name), `content of ${name}`);
    }
    const tar = join(folder, 'x.tar');
    await runTool('tar', `--format=${format}`, '-cf', tar, '-C', join(folder, 'files'), '.');
    for (const name of names) {
      assert.equal(await find(t, tar, name), `content of ${name}`);
      assert.equal(await find(t, tar, `./${name}`), `content of ${name}`);
    }
    assert.equal(await find(t, tar, 'some'), undefined);
    assert.equal(await find(t, tar, 'c'), undefined);
  });
}

test('follows links among the members, but not for ever', async (t) => {
  const tar = makeTar([
    { name: 'real/file', content: Buffer.from('x') },
    { name: 'hard', type: '1', link: 'real/file' },
    { name: 'other/soft', type: '2', link: '../hard' },
    { name: 'loop', type: '2', link: 'loop' },
    { name: 'out', type: '2', link: '../../etc/passwd' },
  ]);
  for (const name of ['real/file', 'hard', 'other/soft'])
    assert.equal(await find(t, tar, name), 'x');
  for (const name of ['loop', 'out']) assert.equal(await find(t, tar, name), undefined);
});

test('refuses members that reach beyond the end of the file', async (t) => {
  const sizes = [1, 1024, 8 ** 11 - 1];
  for (const sizeBytes of sizes) {
    const tar = makeTar([{ name: 'a', sizeBytes }]).subarray(0, 512);
    await assert.rejects(find(t, tar, 'a'), { reason: 'IMAGE_CORRUPT', message: /cut short/ });
  }
  for (const [record, message] of [
    ['25 size=9999999999999999\n', /impossible size/],
    ['11 size=-1\n', /impossible size/],
    ['18 size=999999999\n', /cut short/],
    ['99 size=1\n', /PAX header/],
    ['0 size=1\n', /PAX header/],
  ] as const) {
    const tar = makeTar([
      { name: 'pax', type: 'x', content: Buffer.from(record) },
      { name: 'a', content: Buffer.from('x') },
    ]);
    await assert.rejects(find(t, tar, 'a'), { reason: 'IMAGE_CORRUPT', message }, record);
  }
});

test('knows that a tar of so many members is no image archive', async (t) => {
  const path = join(await makeTemporaryFolder(t), 'x.tar');
  const one = makeTar([{ name: 'a' }]).subarray(0, 512);
  await writeFile(path, Buffer.concat(Array<Buffer>(10_001).fill(one)));
  await using file = await open(path);
  assert.equal(await indexTar(file, 'archive'), undefined);
});

test('turns any bytes into an index or an error of its own', async (t) => {
  const seed = 2718;
  const random = seededRandom(seed);
  const path = join(await makeTemporaryFolder(t), 'x.tar');
  const honest = makeTar([
    { name: 'pax', type: 'x', content: Buffer.from('16 path=longer/n\n11 size=1\n') },
    { name: 'a', content: Buffer.from('x') },
    { name: 'long', type: 'L', content: Buffer.from('very/long\0') },
    { name: 'b', content: Buffer.alloc(600) },
  ]);
  for (let round = 0; round < 1500; round++) {
    await writeFile(path, mutate(honest, random));
    await using file = await open(path);
    try {
      await indexTar(file, 'archive');
    } catch (error) {
      assert.ok(error instanceof BangerError, `seed ${seed}, round ${round}: ${String(error)}`);
    }
  }
});
