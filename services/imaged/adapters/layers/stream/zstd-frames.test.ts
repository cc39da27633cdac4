import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { splitZstdFrames } from './zstd-frames.ts';

const SKIPPABLE = Buffer.from('\x5a\x2a\x4d\x18\x04\0\0\0note', 'latin1');
const EMPTY_SKIPPABLE = Buffer.from('\x50\x2a\x4d\x18\0\0\0\0', 'latin1');

async function split(bytes: Buffer, chunkBytes: number): Promise<Buffer[]> {
  async function* chunks() {
    for (let start = 0; start < bytes.length; start += chunkBytes) {
      yield bytes.subarray(start, start + chunkBytes);
    }
  }
  return await Array.fromAsync(splitZstdFrames(chunks()));
}

/** Frames of every header form: with and without checksum and content size, of raw, repeated and compressed blocks. */
function frames(): Buffer[] {
  const random = Buffer.from(
    Array.from({ length: 300_000 }, (_, index) => (index * index * 7919) >> 5),
  );
  const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
  const noSize = { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } };
  return [
    zstdCompressSync(Buffer.from('short')),
    zstdCompressSync(Buffer.from('short'), checksum),
    zstdCompressSync(Buffer.alloc(0)),
    zstdCompressSync(Buffer.alloc(1_000_000), noSize),
    zstdCompressSync(random, checksum),
    zstdCompressSync(Buffer.alloc(70_000, 'some text '), noSize),
  ];
}

function endsOf(parts: readonly Buffer[]): number[] {
  let end = 0;
  return parts.map((part) => {
    end += part.length;
    return end;
  });
}

test('chunks end where frames end, and together are the whole', async () => {
  const parts = [SKIPPABLE, ...frames(), EMPTY_SKIPPABLE, SKIPPABLE, ...frames()];
  const whole = Buffer.concat(parts);
  for (const chunkBytes of [whole.length, 1, 3, 1000, 65_536]) {
    const chunks = await split(whole, chunkBytes);
    assert.ok(Buffer.concat(chunks).equals(whole));
    const ends = new Set(endsOf(chunks));
    for (const end of endsOf(parts)) assert.ok(ends.has(end), `a chunk crosses byte ${end}`);
  }
});

test('each frame found is one that zstd reads', async () => {
  const expected = frames();
  const found = await split(Buffer.concat(expected), 10_000_000);
  assert.deepEqual(
    found.map((frame) => zstdDecompressSync(frame)),
    expected.map((frame) => zstdDecompressSync(frame)),
  );
});

test('what is cut short or followed by something else is refused', async () => {
  const [frame] = frames() as [Buffer];
  await assert.rejects(split(frame.subarray(0, -1), 100), {
    reason: 'IMAGE_CORRUPT',
    message: /cut short/,
  });
  await assert.rejects(split(SKIPPABLE.subarray(0, -1), 100), /cut short/);
  await assert.rejects(split(Buffer.concat([frame, Buffer.from('PK')]), 100), /cut short/);
  await assert.rejects(
    split(Buffer.concat([frame, Buffer.alloc(100)]), 100),
    /followed by something else/,
  );
  assert.equal((await split(frame, 100)).length, 1);
});
