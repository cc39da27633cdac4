import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDomainClock } from './domain-clock.ts';
import { treeOf } from './tree.ts';

const check = (file: string, source: string) => checkDomainClock(treeOf({ [file]: source }));

test('clock and chance are refused in the domain', () => {
  for (const source of ['Date.now()', 'new Date()', 'Math.random()', 'randomUUID()']) {
    assert.equal(check('services/vmd/domain/a.ts', source).length, 1);
  }
});

test('a given moment is no clock, and tests and adapters may have one', () => {
  assert.deepEqual(check('services/vmd/domain/a.ts', 'new Date(row.createdAt)'), []);
  assert.deepEqual(check('services/vmd/domain/a.test.ts', 'Date.now()'), []);
  assert.deepEqual(check('services/vmd/adapters/a.ts', 'Date.now()'), []);
});
