import assert from 'node:assert/strict';

/** A machine that does not run has pid 0, which to the kernel is the caller with its whole process group. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  assert.ok(Number.isSafeInteger(pid) && pid > 1, `${pid} is no process to signal`);
  process.kill(pid, signal);
}
