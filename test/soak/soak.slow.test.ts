import { test } from 'node:test';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { needsMountNamespace, needsRoot, needsVms } from '../integration/needs.ts';
import { soak } from './soak.ts';

/** A cycle takes 5 to 15 s on two cores that emulate. */
const CYCLES = 10;

test('machines come and go while things break; nothing is left, and the services do not grow', {
  skip: needsVms || (!needsRoot && needsMountNamespace),
}, async (t) => {
  const state = temporaryFolder(t);
  await soak(t, { cycles: CYCLES, seed: 180, state, say: (line) => t.diagnostic(line) });
});
