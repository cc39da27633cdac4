import assert from 'node:assert/strict';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { parseRecipeSpec } from './parse-recipe-spec.ts';

const RECIPE = `
name = "tools"
base = "debian:bookworm"
packages = ["git", "g++"]
commands = ["touch /made"]

[[files]]
path = "/etc/motd"
content = "hello"
mode = "0644"
`;

test('a recipe says what it is made of, and what it does not say is empty', () => {
  const recipe = parseRecipeSpec(RECIPE);
  assert.deepEqual(recipe.base, { kind: 'debian', release: 'bookworm' });
  assert.deepEqual(recipe.packages, ['git', 'g++']);
  assert.deepEqual(recipe.files, [{ path: '/etc/motd', content: 'hello', mode: 0o644 }]);
  assert.deepEqual(recipe.commands, ['touch /made']);
  const least = parseRecipeSpec('name = "box"\nbase = "busybox"');
  assert.deepEqual([least.packages, least.files, least.commands], [[], [], []]);
});

const WRONG: readonly [what: string, from: string, to: string, why: RegExp][] = [
  ['a key that is not known', 'packages =', 'package =', /"package".*known are name/],
  ['a base that is not known', 'debian:bookworm', 'fedora:40', /debian:RELEASE/],
  ['a package that is an option', '"git"', '"--option"', /"--option" is not the name/],
  ['two packages in one', '"git"', '"git,vim"', /"git,vim" is not the name/],
  ['a file that is not below the root', '/etc/motd', '/etc/../../x', /from the root/],
  ['a mode that is none', '0644', '888', /octal/],
  ['a name that is none', '"tools"', '"no name"', /name/],
  ['text that is no TOML', 'name = "tools"', 'name = ', /recipe:/],
];

for (const [what, from, to, why] of WRONG) {
  test(`${what} is refused`, () => {
    const reading = () => parseRecipeSpec(RECIPE.replace(from, to));
    assert.throws(reading, failsWith('INVALID_FIELD', why));
  });
}

test('a recipe on busybox takes nothing that busybox has no way to install', () => {
  const reading = () => parseRecipeSpec('name = "box"\nbase = "busybox"\npackages = ["git"]');
  assert.throws(reading, failsWith('INVALID_FIELD', /busybox.*packages/));
});
