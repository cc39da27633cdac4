import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findComputedImports, findImports } from './imports.ts';

const specifiers = (source: string) =>
  findImports('kit/a.ts', source).map(({ specifier }) => specifier);

test('every form of import is found', () => {
  const source = `import 'a';
import b from 'b';
import type { C } from "c";
import {
  d,
} from 'd';
export { e } from 'e';
export * from 'f';
const g = await import('g');
type H = import('h').H;
const i = require('i');`;
  assert.deepEqual(specifiers(source), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']);
});

test('what only looks like an import is none', () => {
  const source = `// import 'a';
const text = "import b from 'b'";
Array.from('c');
const page = \`import 'd';\`;`;
  assert.deepEqual(specifiers(source), []);
});

test('an import is found with its line and the file it means', () => {
  const source =
    "\nimport a from './b.ts';\nimport c from '#proto/d.ts';\nimport e from '../f.ts';";
  assert.deepEqual(findImports('kit/x/a.ts', source), [
    { specifier: './b.ts', line: 2, path: 'kit/x/b.ts' },
    { specifier: '#proto/d.ts', line: 3, path: 'proto/gen/d.ts' },
    { specifier: '../f.ts', line: 4, path: 'kit/f.ts' },
  ]);
});

test('a name that is put together at run time is found', () => {
  assert.deepEqual(findComputedImports("import('a');\nimport(name);\nimport(`b`);"), [2, 3]);
});
