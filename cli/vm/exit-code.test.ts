import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { exitCodeOf } from './exit-code.ts';

test("a program's own status goes through unchanged", () => {
  for (const value of [0, 1, 125, 255]) {
    assert.equal(exitCodeOf({ outcome: { $case: 'status', value } }), value);
  }
});

test('a program that a signal ended has the status that a shell would give it', () => {
  assert.equal(exitCodeOf({ outcome: { $case: 'signal', value: 9 } }), 137);
  assert.equal(exitCodeOf({ outcome: { $case: 'signal', value: 15 } }), 143);
});

test('a program whose end nobody knows did not succeed', () => {
  for (const exit of [undefined, { outcome: undefined }]) {
    assert.throws(
      () => exitCodeOf(exit),
      failsWith('GUEST_UNREACHABLE', /before the command ended/),
    );
  }
});
