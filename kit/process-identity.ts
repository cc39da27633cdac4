import { readdirSync, readFileSync, statSync } from 'node:fs';

/** A process is its pid and its start time in clock ticks since boot: the pid alone may be somebody else's by now. */
export type ProcessIdentity = { pid: number; startTicks: number };

/** The process that has this pid now; absent when there is none, or only its remains. */
export function findProcess(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid);
  if (fields === undefined) return undefined;
  const [state, threads, startTicks] = [fields[0], Number(fields[17]), Number(fields[19])];
  // While other threads than the first still end, it holds its files, its ports and its locks.
  const isOver = (state === 'Z' || state === 'X') && threads <= 1;
  return isOver ? undefined : { pid, startTicks };
}

export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  return findProcess(pid)?.startTicks === startTicks;
}

/** Whether a process stands in this very folder, by whatever path; false when it is gone or another user's. */
export function standsIn(pid: number, folder: string): boolean {
  try {
    const [place, wanted] = [statSync(`/proc/${pid}/cwd`), statSync(folder)];
    return place.dev === wanted.dev && place.ino === wanted.ino;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** A process of ours that stands in a folder, for whoever has lost its number. */
export function findProcessIn(folder: string): ProcessIdentity | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const pid = pids.map(Number).find((candidate) => standsIn(candidate, folder));
  return pid === undefined ? undefined : findProcess(pid);
}

/** Processor time that a process has used, in clock ticks, and the memory it holds. */
export function processUsage(pid: number): { cpuTicks: number; residentBytes: number } | undefined {
  const fields = statFields(pid);
  if (fields === undefined) return undefined;
  const PAGE_BYTES = 4096;
  return {
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    residentBytes: Number(fields[21]) * PAGE_BYTES,
  };
}

/** The fields of /proc/PID/stat from the third on, the state, which is number 0 here. */
function statFields(pid: number): string[] | undefined {
  const stat = readProc(pid, 'stat');
  // The name is in brackets and may hold anything, brackets too; what follows the last one is fixed (proc(5)).
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
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
