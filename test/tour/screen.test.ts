import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readScreen } from './screen.ts';

test('a screen is lines of spans, each with its look, without the empty lines below', () => {
  const captured = 'plain \x1b[1;32mgood\x1b[0m\n\x1b[2mfaint\x1b[22m \x1b[91mbad\x1b[39m.\n\n\n';
  assert.deepEqual(readScreen(captured), [
    [{ text: 'plain ' }, { bold: true, color: 'green', text: 'good' }],
    [{ faint: true, text: 'faint' }, { text: ' ' }, { color: 'red', text: 'bad' }, { text: '.' }],
  ]);
});

test('a look lasts beyond the end of its line', () => {
  const [, second] = readScreen('\x1b[33ma\nb\x1b[0m');
  assert.deepEqual(second, [{ color: 'yellow', text: 'b' }]);
});
