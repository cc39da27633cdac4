import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTrees } from './generated-code.ts';
import { treeOf } from './tree.ts';

const check = (committed: Record<string, string>, fresh: Record<string, string>) =>
  compareTrees(treeOf(committed), treeOf(fresh));

test('the same files pass', () => {
  assert.deepEqual(check({ 'a.ts': 'x' }, { 'a.ts': 'x' }), []);
});

test('a file that is old, missing or left over is refused', () => {
  const found = check({ 'a.ts': 'old', 'b.ts': 'x' }, { 'a.ts': 'new', 'c.ts': 'x' });
  assert.deepEqual(found, [
    'proto/gen/a.ts: is out of date; run: npm run gen',
    'proto/gen/b.ts: no contract generates it',
    'proto/gen/c.ts: is missing; run: npm run gen',
  ]);
});
