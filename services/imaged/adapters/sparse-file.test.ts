import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { digestOf } from '../domain/digest.ts';
import { seededBytes } from '../testing/seeded-random.ts';
import { copyFile, hashFile } from './copy-file.ts';
import { SparseFile } from './sparse-file.ts';

const ignore = () => undefined;
const CONTENT = Buffer.concat([
  Buffer.alloc(3_000_000),
  seededBytes(100_000),
  Buffer.alloc(5_000_000),
  Buffer.from('end'),
  Buffer.alloc(1_000_001),
]);

test('keeps every byte, leaves zeros out, and knows the hash', async (t) => {
  const path = join(temporaryFolder(t), 'file');
  await using file = await SparseFile.create(path);
  for (let at = 0; at < CONTENT.length; at += 70_001) {
    await file.append(CONTENT.subarray(at, at + 70_001));
  }
  const hashed = { digest: digestOf(CONTENT), sizeBytes: CONTENT.length };
  assert.deepEqual(await file.finish(), hashed);
  assert.ok((await readFile(path)).equals(CONTENT));
  assert.ok((await stat(path)).blocks * 512 < 600_000);
  const copy = `${path}.copy`;
  assert.deepEqual(await copyFile(callOf(), path, copy, ignore), hashed);
  assert.deepEqual(await hashFile(callOf(), copy, ignore), hashed);
  assert.ok((await stat(copy)).blocks * 512 < 600_000);
});

test('an aborted copy ends at once', async (t) => {
  const path = join(temporaryFolder(t), 'file');
  await using file = await SparseFile.create(path);
  await file.append(CONTENT);
  await file.finish();
  const call = callOf({ signal: AbortSignal.abort() });
  await assert.rejects(copyFile(call, path, `${path}.copy`, ignore), { name: 'AbortError' });
});
