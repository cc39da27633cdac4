import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkModuleState } from './module-state.ts';
import { treeOf } from './tree.ts';

const check = (source: string) => checkModuleState(treeOf({ 'kit/a.ts': source }));

test('a variable of the module is refused', () => {
  assert.deepEqual(check('let count = 0;'), ['kit/a.ts:1: a variable of the module']);
  assert.equal(check('export var count = 0;').length, 1);
});

test('a collection of the module that can grow is refused', () => {
  assert.deepEqual(check('\nconst seen = new Map<string, number>();'), [
    'kit/a.ts:2: a collection of the module that can grow',
  ]);
  assert.equal(check('export const seen: Set<string> =\n  new Set();').length, 1);
  assert.equal(check('const seen = new Set(others);').length, 1);
  assert.equal(check('const seen: string[] = [];').length, 1);
  assert.equal(check('const seen: Record<string, string> = {};').length, 1);
  assert.equal(check('const seen = new WeakMap();').length, 1);
});

test('constants pass, and so does state inside a function', () => {
  assert.deepEqual(check("const KINDS = new Set(['a', 'b']);"), []);
  assert.deepEqual(check("const NAMES = new Map([['a', 'b']]);"), []);
  assert.deepEqual(check('const NONE: readonly string[] = [];\nconst EMPTY: Options = {};'), []);
  assert.deepEqual(check("const LIST = ['a'];\nconst NAMES = { a: 1 };"), []);
  assert.deepEqual(check('function f() {\n  let count = 0;\n  const seen = new Map();\n}'), []);
  assert.deepEqual(check('const make = () => new Map();'), []);
  assert.deepEqual(check('for (let i = 0; i < 3; i++) f(i);'), []);
});
