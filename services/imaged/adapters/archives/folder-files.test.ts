import assert from 'node:assert/strict';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { missingTool, runTool } from '../../testing/run-tool.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { openFolder } from './folder-files.ts';

async function makeLayout(t: TestContext): Promise<string> {
  const folder = await makeTemporaryFolder(t);
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  await writeFile(join(folder, 'blobs/sha256/a'), 'content');
  return folder;
}

test('finds and reads a file in folders of folders', async (t) => {
  await using files = await openFolder(await makeLayout(t));
  const file = await files.find('blobs/sha256/a');
  assert.ok(file);
  assert.equal(file.sizeBytes, 7);
  assert.equal(Buffer.concat(await Array.fromAsync(file.read())).toString(), 'content');
  assert.equal(await files.find('blobs/sha256/b'), undefined);
  assert.equal(await files.find('nothing/a'), undefined);
});

test('follows no link, neither to a file nor to a folder', async (t) => {
  const folder = await makeLayout(t);
  await symlink('/etc/hostname', join(folder, 'index.json'));
  await symlink('blobs', join(folder, 'linked'));
  await using files = await openFolder(folder);
  for (const name of ['index.json', 'linked/sha256/a']) {
    await assert.rejects(files.find(name), {
      reason: 'OPERATION_REFUSED',
      message: /without links/,
    });
  }
});

test('follows no link that is put there between finding and reading', async (t) => {
  const folder = await makeLayout(t);
  await using files = await openFolder(folder);
  const file = await files.find('blobs/sha256/a');
  await rename(join(folder, 'blobs'), join(folder, 'moved'));
  await symlink('moved', join(folder, 'blobs'));
  await assert.rejects(Array.fromAsync(file?.read() ?? []), { reason: 'OPERATION_REFUSED' });
});

test('refuses names that lead out and things that are not files', async (t) => {
  const folder = await makeLayout(t);
  await using files = await openFolder(folder);
  for (const name of [
    '../a',
    'blobs/../../a',
    '/etc/hostname',
    'blobs//sha256/a',
    '.',
    '',
    'blobs/sha256/a/b',
    'blobs',
  ]) {
    await assert.rejects(files.find(name), { reason: 'OPERATION_REFUSED' }, name);
  }
});

test('does not wait for the other end of a pipe', {
  skip: await missingTool('mkfifo'),
}, async (t) => {
  const folder = await makeLayout(t);
  await runTool('mkfifo', join(folder, 'index.json'));
  await using files = await openFolder(folder);
  await assert.rejects(files.find('index.json'), { reason: 'OPERATION_REFUSED' });
});

test('says that the folder is not there', async (t) => {
  const missing = join(await makeTemporaryFolder(t), 'none');
  await assert.rejects(openFolder(missing), {
    reason: 'INVALID_FIELD',
    message: /cannot be opened/,
  });
});
