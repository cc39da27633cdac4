import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createGzip } from 'node:zlib';
import { DEFAULT_LIMITS } from './limits.ts';
import { mergeBuffers } from './testing/merge-buffers.ts';
import { buildEntry, withChecksum } from './testing/tar-builder.ts';

const TOO_MANY = /^layer 1 of 1: entry "[\w/]+": image has more than 1000000 entries/;

/** A layer of `count` empty files, made as it is read. */
function manyFiles(count: number, name: (index: number) => string) {
  async function* chunks() {
    const block = buildEntry({});
    for (let index = 0; index < count; ) {
      const chunk = Buffer.alloc(512 * Math.min(2048, count - index));
      for (let at = 0; at < chunk.length; at += 512) {
        block.fill(0, 0, 100).write(name(index++), 'latin1');
        withChecksum(block).copy(chunk, at);
      }
      yield chunk;
    }
    yield Buffer.alloc(1024);
  }
  return { open: () => Readable.from(chunks()).pipe(createGzip({ level: 1 })) };
}

test('a million entries merge in bounded memory, one more is refused', async () => {
  const name = (index: number) => `f${index}`;
  const most = await mergeBuffers([manyFiles(DEFAULT_LIMITS.entries, name)]);
  assert.equal(most.tree.root.children.size, DEFAULT_LIMITS.entries);
  assert.ok(process.memoryUsage().rss < 3 * 1024 ** 3);
  const refused = mergeBuffers([manyFiles(DEFAULT_LIMITS.entries + 1, name)]);
  await assert.rejects(refused, { reason: 'IMAGE_CORRUPT', message: TOO_MANY });
});

test('entries that each imply a whole chain of folders are refused by their number', async () => {
  const name = (index: number) => `${index}/${'d/'.repeat(40)}f`;
  const refused = mergeBuffers([manyFiles(100_000, name)]);
  await assert.rejects(refused, { reason: 'IMAGE_CORRUPT', message: TOO_MANY });
  assert.equal((await mergeBuffers([manyFiles(1000, name)])).tree.root.children.size, 1000);
});

test('a million duplicates, and whiteouts, take their time and no more', async () => {
  const half = DEFAULT_LIMITS.entries / 2;
  const merged = await mergeBuffers([
    manyFiles(half, () => 'd/same'),
    manyFiles(half - 2, (index) => (index % 2 === 0 ? '.wh.d' : 'd/.wh..wh..opq')),
  ]);
  assert.deepEqual(merged.paths(), []);
});
