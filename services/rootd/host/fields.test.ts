import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { parseInteger } from './fields.ts';

const range = { min: 1, max: 10 };

test('a whole number within its range passes', () => {
  for (const value of [1, 5, 10]) assert.equal(parseInteger('vcpus', value, range), value);
});

test('any other number is refused with the name of its field', () => {
  for (const value of [0, 11, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32]) {
    assert.throws(
      () => parseInteger('vcpus', value, range),
      failsWith('INVALID_FIELD', /^vcpus is ".*" and must be a whole number from 1 to 10$/),
    );
  }
});
