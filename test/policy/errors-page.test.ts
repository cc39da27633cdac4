import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkErrorsPage } from './errors-page.ts';
import { treeOf } from './tree.ts';

const REASONS = { VM_RUNNING: 'FAILED_PRECONDITION' };
const ROW = '| `VM_RUNNING` | `FAILED_PRECONDITION` | It runs. | Stop it. |\n';
const check = (page: string) => checkErrorsPage(treeOf({ 'docs/errors.md': page }), REASONS);

test('a page with one full row for each reason passes', () => {
  assert.deepEqual(check(ROW), []);
});

test('a missing page and a missing row are refused', () => {
  assert.deepEqual(checkErrorsPage(treeOf({}), REASONS), ['docs/errors.md: is missing']);
  assert.deepEqual(check('# Errors\n'), ['docs/errors.md: has no row for VM_RUNNING']);
});

test('a row for what is no reason is refused', () => {
  assert.match(check(`${ROW}${ROW.replace('RUNNING', 'ASLEEP')}`)[0] ?? '', /VM_ASLEEP is not/);
});

test('a row with another status, or without advice, is refused', () => {
  assert.match(check(ROW.replace('FAILED_PRECONDITION', 'NOT_FOUND'))[0] ?? '', /travels as/);
  assert.match(check(ROW.replace('Stop it.', ''))[0] ?? '', /lacks its meaning or what to do/);
});
