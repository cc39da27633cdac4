import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './judge.ts';
import type { Sample } from './sample.ts';

const taken = (figures: readonly number[], figure: keyof Sample, service = 'vmd'): Sample[] =>
  figures.map((value, cycle) => ({
    ...{ cycle, service, rssMib: 80, pssMib: 60, descriptors: 30 },
    [figure]: value,
  }));

test('figures that go up and down are flat', () => {
  assert.deepEqual(judge(taken([70, 95, 80, 90, 75, 92], 'rssMib')), []);
  assert.deepEqual(judge(taken([30, 35, 31, 34, 30, 33], 'descriptors')), []);
});

test('what grows with every cycle is named with its service and its figures', () => {
  assert.deepEqual(judge(taken([70, 90, 110, 130, 150, 170], 'rssMib')), [
    'rssMib of vmd grew from 90.0 to 150.0',
  ]);
  assert.deepEqual(judge(taken([30, 31, 32, 40, 41, 42], 'descriptors', 'netd')), [
    'descriptors of netd grew from 31.0 to 41.0',
  ]);
});

test('one high figure is no growth, and one service does not excuse another', () => {
  assert.deepEqual(judge(taken([80, 80, 80, 80, 80, 400], 'pssMib')), []);
  const both = [
    ...taken([30, 30, 30, 30], 'descriptors'),
    ...taken([30, 30, 50, 50], 'descriptors', 'imaged'),
  ];
  assert.deepEqual(judge(both), ['descriptors of imaged grew from 30.0 to 50.0']);
});

test('too few samples are not judged', () => {
  assert.deepEqual(judge(taken([10, 500, 900], 'rssMib')), []);
});
