import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { createUidPicker } from './uids.ts';

test('uids go round the range, so that one just given up comes last', () => {
  const pick = createUidPicker({ base: 100, count: 3 }, 4);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => pick(new Set())),
    [101, 102, 100, 101],
  );
});

test('a uid that somebody has is passed over', () => {
  const pick = createUidPicker({ base: 100, count: 3 }, 0);
  assert.equal(pick(new Set([100, 101])), 102);
  assert.throws(
    () => pick(new Set([100, 101, 102])),
    failsWith('HOST_NOT_READY', /all 3 uids for VMMs are taken; raise rootd.uid_count/),
  );
});
