import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNearest } from './nearest.ts';

test('a slip of the finger finds the word that was meant', () => {
  assert.deepEqual(findNearest('lsit', ['list', 'start', 'delete']), ['list']);
  assert.deepEqual(findNearest('log_levl', ['log_level', 'log_file']), ['log_level']);
});

test('the beginning of a word finds it, whatever its length', () => {
  assert.deepEqual(findNearest('comp', ['completion', 'version']), ['completion']);
});

test('the best come first, at most three, and equals in the order of the alphabet', () => {
  const found = findNearest('stat', ['stap', 'stay', 'stat2', 'star', 'stab']);
  assert.deepEqual(found, ['stab', 'stap', 'star']);
});

test('nothing is suggested for a word that is like none', () => {
  assert.deepEqual(findNearest('kubernetes', ['list', 'start']), []);
  assert.deepEqual(findNearest('', ['start']), []);
});
