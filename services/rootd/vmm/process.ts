import { readFileSync, statSync } from 'node:fs';

/** A process as /proc tells it; the start time makes it one that a reused number is not. */
export type Process = {
  readonly pid: number;
  /** In clock ticks since boot. */
  readonly startTicks: number;
  /** Real, effective, saved and file system uid. */
  readonly uids: readonly number[];
};

/** Absent when there is none, or when all of it has ended and it only waits to be collected. */
export function findProcess(pid: number): Process | undefined {
  const stat = readProc(pid, 'stat');
  const status = readProc(pid, 'status');
  if (stat === undefined || status === undefined) return undefined;
  // The name in parentheses may hold anything, so fields are counted from the last one; see proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const uids = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/m.exec(status)?.slice(1).map(Number);
  const [state, threads, startTicks] = [fields[0], Number(fields[17]), Number(fields[19])];
  // While other threads than the first still end, it holds its disks, its tap and its locks.
  const isOver = (state === 'Z' || state === 'X') && threads <= 1;
  return uids === undefined || isOver ? undefined : { pid, startTicks, uids };
}

/** Inode of the mount namespace that a process runs in; absent when it is ending and has left it. */
export function findMountNamespace(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}/ns/mnt`).ino;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ESRCH';
}
