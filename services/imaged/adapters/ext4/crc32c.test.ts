import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { crc32c, crc32cWord } from './crc32c.ts';

const ALL_ONES = 0xffffffff;

/** The examples of RFC 3720, appendix B.4, which invert the result. */
const EXAMPLES: readonly [bytes: Buffer, checksum: number][] = [
  [Buffer.alloc(32), 0x8a9136aa],
  [Buffer.alloc(32, 0xff), 0x62a8ab43],
  [Buffer.from(Array.from({ length: 32 }, (_, n) => n)), 0x46dd794e],
  [Buffer.from('123456789'), 0xe3069283],
];

test('the checksum is the one of RFC 3720', () => {
  for (const [bytes, checksum] of EXAMPLES) {
    assert.equal((crc32c(ALL_ONES, bytes) ^ ALL_ONES) >>> 0, checksum);
  }
});

test('a checksum continues from the one before', () => {
  const bytes = Buffer.from('The quick brown fox jumps over the lazy dog');
  for (let cut = 0; cut <= bytes.length; cut++) {
    const first = crc32c(ALL_ONES, bytes, 0, cut);
    assert.equal(crc32c(first, bytes, cut), crc32c(ALL_ONES, bytes));
  }
});

test('a word counts as its four bytes', () => {
  const bytes = Buffer.from('78563412', 'hex');
  assert.equal(crc32cWord(123, 0x12345678), crc32c(123, bytes));
});

test('the checksum of zlib is another one', () => {
  const bytes = Buffer.from('123456789');
  assert.notEqual(crc32(bytes), (crc32c(ALL_ONES, bytes) ^ ALL_ONES) >>> 0);
});
