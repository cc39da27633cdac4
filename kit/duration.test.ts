import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from './duration.ts';
import { failsWith } from './testing/fails-with.ts';

test('durations are read in one unit or several', () => {
  const cases: [string, number][] = [
    ['500ms', 500],
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['2d', 172_800_000],
    ['0', 0],
    [' 3s ', 3000],
  ];
  for (const [text, durationMs] of cases) assert.equal(parseDuration(text), durationMs, text);
});

test('what is no duration is refused with an example of one', () => {
  for (const text of ['', '10', '-1s', '1e3s', '10 s', 's', '10x', '1h 30m']) {
    assert.throws(() => parseDuration(text), failsWith('INVALID_FIELD', /such as "10s"/), text);
  }
});

test('durations are shown as people say them', () => {
  const cases: [number, string][] = [
    [0, '0ms'],
    [849.6, '850ms'],
    [1900, '1.9s'],
    [125_000, '2m 5s'],
    [11_520_000, '3h 12m'],
    [352_800_000, '4d 2h'],
  ];
  for (const [durationMs, text] of cases) assert.equal(formatDuration(durationMs), text);
});

test('rounding never shows a full larger unit in the smaller one', () => {
  assert.equal(formatDuration(999.7), '1.0s');
  assert.equal(formatDuration(59_990), '1m 0s');
});
