import { readFileSync, readlinkSync } from 'node:fs';

/** A process is its pid and its start time in clock ticks since boot: the pid alone may be somebody else's by now. */
export type ProcessIdentity = { pid: number; startTicks: number };

/** The process that has this pid now; absent when there is none, or only its remains. */
export function findProcess(pid: number): ProcessIdentity | undefined {
  const stat = readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  // The name is in brackets and may hold anything, brackets too; what follows the last one is fixed (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], Number(fields[19])];
  return state === 'Z' || state === 'X' ? undefined : { pid, startTicks };
}

export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  return findProcess(pid)?.startTicks === startTicks;
}

/** Where a process stands; absent when it is gone or another user's. */
export function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Processor time that a process has used, in clock ticks, and the memory it holds. */
export function processUsage(pid: number): { cpuTicks: number; residentBytes: number } | undefined {
  const stat = readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const PAGE_BYTES = 4096;
  return {
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    residentBytes: Number(fields[21]) * PAGE_BYTES,
  };
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES';
}
