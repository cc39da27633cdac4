import assert from 'node:assert/strict';
import { chown, mkdir, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { createStaging } from './staging.ts';

test('a sweep removes what a crash left, in the staging and outside of it', async (t) => {
  const root = join(temporaryFolder(t), 'staging');
  const staging = createStaging(root);
  const { folder } = await staging.begin();
  const { folder: outside } = await staging.beginOutside();
  for (const place of [folder, outside]) await writeFile(join(place, 'half'), 'x');
  assert.deepEqual(await createStaging(root).sweep(), []);
  assert.deepEqual(await readdir(root), []);
  await assert.rejects(readdir(outside), { code: 'ENOENT' });
});

test('a folder outside leaves nothing when it is disposed of', async (t) => {
  const root = join(temporaryFolder(t), 'staging');
  let folder: string;
  {
    await using outside = await createStaging(root).beginOutside();
    ({ folder } = outside);
    const [link = ''] = await readdir(root);
    assert.equal(await readlink(join(root, link)), folder);
  }
  assert.deepEqual(await readdir(root), []);
  await assert.rejects(readdir(folder), { code: 'ENOENT' });
});

test('a crash before the folder outside was made leaves nothing that a sweep trips over', async (t) => {
  const root = join(temporaryFolder(t), 'staging');
  await mkdir(root);
  await symlink('/nonexistent/banger', join(root, 'link'));
  assert.deepEqual(await createStaging(root).sweep(), []);
  assert.deepEqual(await readdir(root), []);
});

test("what has become somebody else's stays", {
  skip: process.getuid?.() === 0 ? false : 'only root gives files away',
}, async (t) => {
  const folder = temporaryFolder(t);
  const [root, theirs] = [join(folder, 'staging'), join(folder, 'theirs')];
  for (const place of [root, theirs]) await mkdir(place);
  await writeFile(join(theirs, 'file'), 'x');
  await chown(theirs, 12_345, 12_345);
  await symlink(theirs, join(root, 'link'));
  assert.deepEqual(await createStaging(root).sweep(), []);
  assert.deepEqual([await readdir(root), await readdir(theirs)], [[], ['file']]);
  await rm(theirs, { recursive: true });
});
