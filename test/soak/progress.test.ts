import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { planCycle } from './plan.ts';
import { loadProgress, saveProgress } from './progress.ts';

test('a soak that was broken off goes on where it was, with its seed and its samples', (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual(loadProgress(folder, 7), { seed: 7, nextCycle: 0, samples: [] });
  const sample = { cycle: 3, service: 'vmd', rssMib: 80, pssMib: 60, descriptors: 30 };
  saveProgress(folder, { seed: 7, nextCycle: 4, samples: [sample] });
  assert.deepEqual(loadProgress(folder, undefined), { seed: 7, nextCycle: 4, samples: [sample] });
  assert.throws(() => loadProgress(folder, 8), /has seed 7; go on with it/);
});

test('a cycle is the same for the same seed, and another one for another', () => {
  const plans = (seed: number) => Array.from({ length: 20 }, (_, cycle) => planCycle(seed, cycle));
  assert.deepEqual(plans(3), plans(3));
  assert.notDeepEqual(plans(3), plans(4));
  assert.ok(plans(3).some(({ kill }) => kill !== undefined));
});
