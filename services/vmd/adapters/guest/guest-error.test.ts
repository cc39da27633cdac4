import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { toBangerError } from './guest-error.ts';

test('a guest that was booted by an older banger is to be restarted', () => {
  const message = 'the guest program knows no operation 17';
  const error = toBangerError({ errno: 'ENOSYS', exitStatus: 0, message });
  const told = /no operation 17; .*older.*: banger vm restart NAME$/;
  assert.ok(failsWith('FEATURE_UNSUPPORTED', told)(error));
});

test('what a guest says of a file is told as it is', () => {
  const error = toBangerError({ errno: 'ENOENT', exitStatus: 0, message: 'no file "x"' });
  assert.ok(failsWith('INVALID_FIELD', /^no file "x"$/)(error));
});
