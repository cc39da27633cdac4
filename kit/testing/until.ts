import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition; the test's own time limit ends a wait that never comes true. */
export async function until(condition: () => unknown): Promise<void> {
  while (!(await condition())) await sleep(5);
}
