import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProcessIn, isRunning } from '#kit/process-identity.ts';

/** The beginning of the names of folders that guests are probed in. */
export const PROBE_PREFIX = 'probe-';
const LOOK_MS = 5;

/** Ends guests that a vmd which crashed was probing with, and removes their folders. Before anything is probed. */
export async function sweepProbes(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(PROBE_PREFIX));
  for (const name of names) {
    const left = findProcessIn(join(folder, name));
    if (left !== undefined) process.kill(left.pid, 'SIGKILL');
    while (left !== undefined && isRunning(left)) await sleep(LOOK_MS);
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
