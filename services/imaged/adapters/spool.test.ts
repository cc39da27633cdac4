import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { seededBytes } from '../testing/seeded-random.ts';
import { makeTemporaryFolder } from '../testing/temporary-folder.ts';
import { spoolBytes } from './spool.ts';

const MIB = 2 ** 20;

async function* cut(bytes: Buffer, ...sizes: number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + (sizes[turn % sizes.length] ?? MIB);
    yield bytes.subarray(at, end);
    at = end;
  }
}

for (const sizes of [[64 * 1024], [1, 70_001], [MIB], [3 * MIB + 17, 5], [16 * MIB]]) {
  test(`what comes in pieces of ${sizes.join(' and ')} bytes is kept and hashed as it is`, async (t) => {
    const folder = await makeTemporaryFolder(t);
    const sent = seededBytes(9 * MIB + 123);
    const bytes = cut(sent, ...sizes);
    const kept = await spoolBytes(callOf(), bytes, { folder, limitBytes: 10 * MIB }, () => {});
    assert.ok((await readFile(kept.path)).equals(sent));
    assert.equal(kept.digest, `sha256:${createHash('sha256').update(sent).digest('hex')}`);
    assert.equal(kept.sizeBytes, sent.length);
  });
}

test('nothing at all is kept as an empty file', async (t) => {
  const folder = await makeTemporaryFolder(t);
  const kept = await spoolBytes(
    callOf(),
    cut(Buffer.alloc(0)),
    { folder, limitBytes: 1 },
    () => {},
  );
  assert.deepEqual([kept.sizeBytes, (await readFile(kept.path)).length], [0, 0]);
});

test('one byte above the limit is refused', async (t) => {
  const folder = await makeTemporaryFolder(t);
  const bytes = cut(Buffer.alloc(2 * MIB + 1), 64 * 1024);
  await assert.rejects(
    spoolBytes(callOf(), bytes, { folder, limitBytes: 2 * MIB }, () => {}),
    failsWith('INVALID_SIZE', /more than 2/),
  );
});

test('a caller that goes away ends it with its reason', async (t) => {
  const folder = await makeTemporaryFolder(t);
  const gone = new AbortController();
  const reason = new Error('the caller is gone');
  async function* bytes() {
    yield Buffer.alloc(MIB);
    gone.abort(reason);
    yield Buffer.alloc(MIB);
  }
  const call = callOf({ signal: gone.signal });
  await assert.rejects(
    spoolBytes(call, bytes(), { folder, limitBytes: 4 * MIB }, () => {}),
    reason,
  );
});
