import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRegressionsPage } from './regressions-page.ts';
import { treeOf } from './tree.ts';

const row = (number: number, here: string) => `| ${number} | it broke | ${here} |\n`;
const REASONS = Array.from({ length: 40 }, (_, index) => row(index + 1, 'cannot be')).join('');
const FILES = { 'kit/a.test.ts': "test('it holds', () => undefined);\n" };

const check = (page: string) =>
  checkRegressionsPage(treeOf({ ...FILES, 'docs/regressions.md': page }));
const replace = (number: number, here: string) =>
  REASONS.replace(row(number, 'cannot be'), row(number, here));

test('a page with a reason or an existing test for each fault passes', () => {
  assert.deepEqual(check(REASONS), []);
  assert.deepEqual(check(replace(7, '`kit/a.test.ts` it holds')), []);
});

test('a missing page, and a fault without a row, are refused', () => {
  assert.deepEqual(checkRegressionsPage(treeOf({})), ['docs/regressions.md: is missing']);
  assert.match(check(REASONS.replace(row(3, 'cannot be'), ''))[0] ?? '', /no row for fault 3/);
});

test('a test that is not there is refused, by its file and by its title', () => {
  assert.match(check(replace(7, '`kit/b.test.ts` it holds'))[0] ?? '', /there is no kit\/b/);
  assert.match(check(replace(7, '`kit/a.test.ts` it flies'))[0] ?? '', /has no test "it flies"/);
});

test('a row that says nothing is refused', () => {
  assert.match(check(replace(7, ''))[0] ?? '', /neither a test nor a reason/);
});
