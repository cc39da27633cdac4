import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose, WrongWords } from './choose.ts';
import { global, pure } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';

const never = async () => undefined;
const known = [pure('one', '', never), pure('two', '', never), global('three', '', never)];

test('scenarios are chosen by name and class, and stay in their order', () => {
  const chosen = (names?: string[], classes?: string[]) =>
    choose(known, names, classes).map(({ name }) => name);
  assert.deepEqual(chosen(), ['one', 'two', 'three']);
  assert.deepEqual(chosen(['three,one']), ['one', 'three']);
  assert.deepEqual(chosen(['two', 'one'], undefined), ['one', 'two']);
  assert.deepEqual(chosen(undefined, ['pure']), ['one', 'two']);
  assert.deepEqual(chosen(['three'], ['pure']), []);
});

test('a name that is not known is refused, with the one that was meant', () => {
  assert.throws(() => choose(known, ['thre'], undefined), /did you mean "three"/);
  assert.throws(() => choose(known, undefined, ['clean']), WrongWords);
});

test('every scenario has a name of its own, which can be part of the name of a machine', () => {
  const names = SCENARIOS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z]+(_[a-z]+)*$/);
});
