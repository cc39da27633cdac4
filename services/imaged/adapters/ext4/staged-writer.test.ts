import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { StagedWriter } from './staged-writer.ts';
import { MIB, makeDiskPath } from './testing/disks.ts';

async function makeWriter(t: TestContext) {
  const path = await makeDiskPath(t);
  const file = await open(path, 'wx');
  t.after(() => file.close());
  return { path, file, writer: new StagedWriter(file) };
}

test('small pieces are taken at once, and a caller that is too fast has to wait', async (t) => {
  const { path, writer } = await makeWriter(t);
  const piece = Buffer.alloc(MIB, 'abcdefg');
  let waits = 0;
  for (let n = 0; n < 64; n++) {
    const waiting = writer.append(piece);
    if (n < 12) assert.equal(waiting, undefined);
    if (waiting !== undefined) waits++;
    await waiting;
  }
  await writer.flush();
  assert.ok(waits > 0);
  const written = readFileSync(path);
  assert.equal(written.length, 64 * MIB);
  for (let n = 0; n < 64; n++) assert.ok(written.subarray(n * MIB, (n + 1) * MIB).equals(piece));
});

test('what is written twice ends as it was written last', async (t) => {
  const { path, writer } = await makeWriter(t);
  for (let round = 0; round < 300; round++) await writer.put(round % 7, Buffer.alloc(4096, round));
  await writer.flush();
  const written = readFileSync(path);
  for (let block = 0; block < 7; block++) {
    const last = block + 7 * Math.floor((299 - block) / 7);
    assert.equal(written[block * 4096], last % 256);
  }
});

test('a failed write is thrown at the next call, and nothing is written after it', async (t) => {
  const { file, writer } = await makeWriter(t);
  await file.close();
  await writer.append(Buffer.alloc(4096));
  await assert.rejects(writer.flush(), { code: 'EBADF' });
  await assert.rejects(writer.flush(), { code: 'EBADF' });
});

test('an abandoned writer writes no more', async (t) => {
  const { path, writer } = await makeWriter(t);
  await writer.append(Buffer.alloc(4096));
  await writer.abandon();
  await assert.rejects(writer.flush(), /abandoned/);
  assert.equal(readFileSync(path).length, 0);
});
