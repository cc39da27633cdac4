import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Setting } from './config-file.ts';
import { duration, flag, integer, oneOf, path, size, text, texts } from './settings.ts';

function refuses(setting: Setting<unknown>, values: readonly unknown[], why: RegExp): void {
  for (const value of values) assert.throws(() => setting.parse(value), why, String(value));
}

test('each kind of setting takes the values of its kind', () => {
  assert.equal(text('').parse('br-banger'), 'br-banger');
  assert.equal(oneOf(['a', 'b'], 'a').parse('b'), 'b');
  assert.equal(flag(false).parse(true), true);
  assert.equal(integer(1, { min: 1, max: 8 }).parse(8), 8);
  assert.equal(size(undefined).parse('2G'), 2 * 2 ** 30);
  assert.equal(duration(0).parse('10s'), 10_000);
  assert.equal(path(undefined).parse('/var/lib/x'), '/var/lib/x');
  assert.deepEqual(texts([]).parse(['a', 'b']), ['a', 'b']);
});

test('each kind refuses the values of others and says what it wants', () => {
  refuses(text(''), [1, true, ['a'], {}], /a text in quotes is wanted/);
  refuses(oneOf(['a', 'b'], 'a'), ['c', 1], /one of a, b is wanted/);
  refuses(flag(false), ['true', 1], /true or false is wanted/);
  refuses(integer(1, { min: 1, max: 8 }), [0, 9, 1.5, '4', Number.NaN], /from 1 to 8 is wanted/);
  refuses(size(undefined), [8], /a text in quotes is wanted/);
  refuses(size(undefined), ['big'], /is not a size/);
  refuses(duration(0), ['soon'], /is not a duration/);
  refuses(path(undefined), ['relative/path', ''], /an absolute path is wanted/);
  refuses(texts([]), ['a', ['a', 1]], /wanted/);
});
