import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clearBits, countClearBits, setBits } from './bitmap.ts';

test('ranges of bits are set and cleared, wherever they start and end', () => {
  for (let from = 0; from <= 32; from++) {
    for (let to = from; to <= 32; to++) {
      const set = Buffer.alloc(4);
      const cleared = Buffer.alloc(4, 0xff);
      setBits(set, from, to);
      clearBits(cleared, from, to);
      const expected = ((2 ** to - 2 ** from) % 2 ** 32) >>> 0;
      assert.equal(set.readUInt32LE(), expected, `${from} to ${to}`);
      assert.equal(cleared.readUInt32LE(), ~expected >>> 0, `${from} to ${to}`);
      assert.equal(countClearBits(set), 32 - (to - from));
    }
  }
});
