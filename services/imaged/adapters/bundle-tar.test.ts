import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { runTool } from '../testing/run-tool.ts';
import { memberHeader, paddingAfter, TAR_END } from './bundle-tar.ts';
import { parseTarHeader } from './layers/tar/tar-header.ts';

test('a member of any size is read back by us', () => {
  for (const sizeBytes of [0, 1, 512, 8 ** 11 - 1, 8 ** 11, 2 ** 42]) {
    const header = parseTarHeader(memberHeader('disk.ext4', sizeBytes));
    assert.equal(header.path, 'disk.ext4');
    assert.equal(header.sizeBytes, sizeBytes);
    assert.equal((sizeBytes + paddingAfter(sizeBytes).length) % 512, 0);
  }
});

test('tar reads it too', async (t) => {
  const path = join(temporaryFolder(t), 'bundle.tar');
  const content = Buffer.from('content');
  const parts = [memberHeader('manifest.json', 7), content, paddingAfter(7), TAR_END];
  await writeFile(path, Buffer.concat(parts));
  assert.equal(await runTool('tar', '-xOf', path, 'manifest.json'), 'content');
});
