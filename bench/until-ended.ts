import { setTimeout as sleep } from 'node:timers/promises';
import { findProcess, isRunning, type ProcessIdentity } from '#kit/process-identity.ts';

const LIMIT_MS = 30_000;
const LOOK_MS = 1;

/** A process that runs now, so that it is not taken for a later one with its number. */
export function identify(pid: number): ProcessIdentity {
  const identity = findProcess(pid);
  if (identity === undefined) throw new Error(`there is no process ${pid}`);
  return identity;
}

export async function untilEnded(process: ProcessIdentity): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (isRunning(process)) {
    if (performance.now() > deadline) throw new Error(`process ${process.pid} did not end`);
    await sleep(LOOK_MS);
  }
}
