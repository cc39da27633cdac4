import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programRoot } from '#kit/program.ts';
import { readTree } from '../policy/tree.ts';
import { MUTATIONS } from './mutations.ts';

const tree = readTree(programRoot());

for (const { name, file, text, replacement, caughtBy } of MUTATIONS) {
  test(`"${name}" can still be put in, and its test is there`, () => {
    assert.equal(tree.read(file).split(text).length - 1, 1, `how often ${file} has the text`);
    assert.notEqual(replacement, text);
    assert.ok(tree.has(caughtBy), caughtBy);
  });
}
