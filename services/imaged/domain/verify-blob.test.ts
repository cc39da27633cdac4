import assert from 'node:assert/strict';
import test from 'node:test';
import { digestOf } from './digest.ts';
import { verifyBlob } from './verify-blob.ts';

const BYTES = Buffer.from('a blob in parts');
const BLOB = { digest: digestOf(BYTES), sizeBytes: BYTES.length };

async function* parts(...chunks: (Buffer | string)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function read(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(verifyBlob(chunks, BLOB, 'a test')));
}

test('passes on what matches', async () => {
  assert.deepEqual(await read(parts('a blob', ' in', '', ' parts')), BYTES);
});

test('fails at the end of what is short or different', async () => {
  const message = new RegExp(`blob "${BLOB.digest}" from a test is damaged`);
  for (const text of ['', 'a blob in part', 'A blob in parts']) {
    await assert.rejects(read(parts(text)), { reason: 'IMAGE_CORRUPT', message });
  }
});

test('fails as soon as it is too long', async () => {
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) yield BYTES;
  }
  await assert.rejects(read(endless()), { reason: 'IMAGE_CORRUPT', message: /longer than/ });
});
