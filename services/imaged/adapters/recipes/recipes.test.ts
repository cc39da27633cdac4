import assert from 'node:assert/strict';
import test from 'node:test';
import { createRecipes } from './recipes.ts';

/** Nothing is built here. */
const staging = {
  begin: () => Promise.reject(new Error('no scratch')),
  beginOutside: () => Promise.reject(new Error('no scratch')),
};

test('every recipe that is shipped is listed with what it is for', () => {
  const recipes = createRecipes({ architecture: 'amd64', hasApt: true, staging });
  const names = recipes.list().map(({ name }) => name);
  assert.deepEqual(names, ['debian-bookworm', 'debian-bookworm-dev', 'busybox']);
  for (const { description } of recipes.list()) assert.notEqual(description, '');
});

test('a host without apt gets the public image instead, and is told why', () => {
  const { find } = createRecipes({ architecture: 'amd64', hasApt: false, staging });
  const substitute = find('debian-bookworm')?.substitute;
  assert.equal(substitute?.reference.repository, 'library/debian');
  assert.match(substitute?.why ?? '', /no apt/);
  const withApt = createRecipes({ architecture: 'amd64', hasApt: true, staging });
  assert.equal(withApt.find('debian-bookworm')?.substitute, undefined);
});

test('another word in a recipe is another digest', () => {
  const { parse } = createRecipes({ architecture: 'amd64', hasApt: true, staging });
  const digestOf = (command: string) =>
    parse(`name = "a"\nbase = "debian:bookworm"\ncommands = ["${command}"]`).digest;
  assert.equal(digestOf('true'), digestOf('true'));
  assert.notEqual(digestOf('true'), digestOf('false'));
});
