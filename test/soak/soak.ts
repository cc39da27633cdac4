import assert from 'node:assert/strict';
import type { Ending } from '../integration/root-user.ts';
import { openHouse } from './house.ts';
import { judge } from './judge.ts';
import { describePlan, KILLED, planCycle } from './plan.ts';
import { loadProgress, saveProgress } from './progress.ts';
import { runCycle } from './run-cycle.ts';
import { takeSample } from './sample.ts';

export type Soak = {
  cycles: number;
  seed: number | undefined;
  /** The folder of its progress. */
  state: string;
  say(line: string): void;
};

const SAMPLES = 40;

/** Makes, uses and deletes machines while things break, and fails when anything is left or grows. */
export async function soak(t: Ending, { cycles, seed, state, say }: Soak): Promise<void> {
  let progress = loadProgress(state, seed);
  const house = await openHouse(t);
  const every = Math.max(1, Math.floor(cycles / SAMPLES));
  say(`seed ${progress.seed}, from cycle ${progress.nextCycle} to ${cycles}`);
  for (let cycle = progress.nextCycle; cycle < cycles; cycle++) {
    const plan = planCycle(progress.seed, cycle);
    const since = performance.now();
    await runCycle(house, plan, cycle);
    const taken =
      cycle % every === 0
        ? KILLED.flatMap((service) =>
            house.pidsOf(service).map((pid) => takeSample(cycle, service, pid)),
          )
        : [];
    progress = { ...progress, nextCycle: cycle + 1, samples: [...progress.samples, ...taken] };
    saveProgress(state, progress);
    say(`cycle ${cycle}: ${describePlan(plan)} (${Math.round(performance.now() - since)} ms)`);
  }
  assert.deepEqual(judge(progress.samples), [], 'the services grow');
}
