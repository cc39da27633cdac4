import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFileSizes } from './file-sizes.ts';
import { treeOf } from './tree.ts';

const lines = (count: number) => 'x\n'.repeat(count);

test('a file at its limit passes and one above it is refused', () => {
  assert.deepEqual(checkFileSizes(treeOf({ 'kit/a.ts': lines(300) })), []);
  assert.deepEqual(checkFileSizes(treeOf({ 'kit/a.ts': lines(301) })), [
    'kit/a.ts: has 301 lines and may have 300',
  ]);
});

test('tests and the guest are held to the same limit', () => {
  const files = { 'kit/a.test.ts': lines(301), 'guest/src/agent.c': lines(301) };
  assert.equal(checkFileSizes(treeOf(files)).length, 2);
});

test('a main is a list of parts and shorter', () => {
  assert.equal(checkFileSizes(treeOf({ 'services/vmd/main.ts': lines(81) })).length, 1);
});

test('generated code has no limit', () => {
  assert.deepEqual(checkFileSizes(treeOf({ 'proto/gen/banger/v1/vm.ts': lines(9000) })), []);
});
