import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { formatError, Interrupted } from './error.ts';

const plain = { json: false, color: false };

test('who was interrupted is told so, and who was cancelled by another command that', () => {
  assert.deepEqual(formatError(new Interrupted(143), plain), {
    text: 'banger: interrupted\n',
    code: 143,
  });
  assert.deepEqual(formatError(new BangerError('CANCELLED', 'the call was cancelled'), plain), {
    text: 'banger: the call was cancelled\n',
    code: 1,
  });
});
