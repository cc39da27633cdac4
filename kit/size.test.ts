import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSize, parseSize } from './size.ts';
import { failsWith } from './testing/fails-with.ts';

const MIB = 2 ** 20;

test('sizes are read with any of the usual units', () => {
  const cases: [string, number][] = [
    ['8G', 8 * 2 ** 30],
    ['8g', 8 * 2 ** 30],
    ['512MiB', 512 * MIB],
    ['512 MB', 512 * MIB],
    ['1.5K', 1536],
    ['2T', 2 * 2 ** 40],
    [' 64M ', 64 * MIB],
  ];
  for (const [text, bytes] of cases) assert.equal(parseSize(text), bytes, text);
});

test('a bare number means MiB', () => {
  assert.equal(parseSize('1024'), 1024 * MIB);
});

test('what is no size is refused with an example of one', () => {
  for (const text of [
    '',
    '0',
    '0G',
    '-1G',
    '1e3',
    '8X',
    'G',
    '8G extra',
    '٣G',
    '0x10',
    'Infinity',
  ]) {
    assert.throws(
      () => parseSize(text),
      failsWith('INVALID_SIZE', /write a number with K, M, G or T/),
      text,
    );
  }
});

test('a size that no disk has is refused instead of rounded', () => {
  assert.throws(() => parseSize('99999999T'), failsWith('INVALID_SIZE', /is not a size/));
  assert.throws(() => parseSize('9'.repeat(400)), failsWith('INVALID_SIZE', /is not a size/));
});

test('sizes are shown with three figures and a unit', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [512 * MIB, '512 MiB'],
    [8 * 2 ** 30, '8 GiB'],
    [1.234 * 2 ** 40, '1.23 TiB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatSize(bytes), text);
});
