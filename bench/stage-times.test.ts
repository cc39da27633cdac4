import assert from 'node:assert/strict';
import { test } from 'node:test';
import { medianSpans, type Span, withGuest } from './stage-times.ts';

const vmd = (name: string, from: number, to: number): Span => ({ name, who: 'vmd', from, to });

test("the guest's steps lie within the wait for it, and the last of them ends with it", () => {
  const spans = [vmd('launch', 0, 100), vmd('boot', 100, 1100), vmd('publish', 1100, 1101)];
  const bootPhases = [
    { name: 'init', atMs: 600 },
    { name: 'root', atMs: 700 },
    { name: 'agent', atMs: 800 },
  ];
  const steps = withGuest(spans, { bootPhases });
  assert.deepEqual(
    steps.map(({ name, from, to }) => [name, from, to]),
    [
      ['launch', 0, 100],
      ['boot', 100, 1100],
      ['guest: firmware and kernel', 100, 900],
      ['guest: root', 900, 1000],
      ['guest: agent', 1000, 1100],
      ['publish', 1100, 1101],
    ],
  );
});

test('a guest that tells nothing leaves the stages as they are', () => {
  const spans = [vmd('boot', 0, 10)];
  assert.deepEqual(withGuest(spans, { bootPhases: [] }), spans);
});

test('the create in the middle is in the middle in each part', () => {
  const creates = [
    [vmd('a', 0, 1), vmd('b', 1, 9)],
    [vmd('a', 0, 3), vmd('b', 3, 4)],
    [vmd('a', 0, 2), vmd('b', 2, 5)],
  ];
  assert.deepEqual(medianSpans(creates), [vmd('a', 0, 2), vmd('b', 2, 5)]);
});
