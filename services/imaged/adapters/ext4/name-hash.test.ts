import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HashWords, hashName } from './name-hash.ts';

/** What `debugfs dx_hash -h half_md4 -s 5d245c05-fe68-4ef0-a4dd-4f5cd24bb6a1 NAME` says. */
const SEED = wordsOf('5d245c05fe684ef0a4dd4f5cd24bb6a1');
const HASHES: readonly [name: string, hash: number][] = [
  ['a', 0xf2581826],
  ['ab', 0x49843138],
  ['abc', 0xfdcaae8a],
  ['abcd', 0xd75d5ef0],
  ['hello', 0x87ad7656],
  ['x'.repeat(31), 0x74a3f8ca],
  ['y'.repeat(32), 0x0de6cb96],
  ['z'.repeat(33), 0x1bebffd6],
  ['q'.repeat(100), 0x24d911ca],
  ['w'.repeat(255), 0x0a350de8],
];

test('names hash as e2fsprogs hashes them', () => {
  for (const [name, hash] of HASHES) assert.equal(hashName(name, SEED), hash, name);
});

function wordsOf(hex: string): HashWords {
  const bytes = Buffer.from(hex, 'hex');
  const word = (at: number) => bytes.readInt32LE(at);
  return [word(0), word(4), word(8), word(12)];
}
