import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { BangerError, hasReason } from './errors.ts';
import type { Libc } from './libc.ts';
import { BUILD } from './program.ts';

/** Who holds a lock: the process, and which build of the program it runs. */
export type Holder = { pid: number; build: string };

export function formatHolder({ pid, build }: Holder): string {
  return `${pid} ${build}\n`;
}

/** Of a lock that nobody has written yet, the pid is 0. */
export function parseHolder(text: string): Holder {
  const [pid, build = ''] = text.trim().split(' ');
  return { pid: Number(pid), build };
}

/**
 * Makes this process the only holder of a lock file until it ends, however it ends: the kernel drops the lock
 * with the descriptor, so a killed holder never blocks the next one.
 */
export function holdProcessLock(path: string, libc: Libc): Disposable {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  if (!libc.tryLock(file)) {
    closeSync(file);
    throw heldByAnother(path);
  }
  ftruncateSync(file);
  writeSync(file, formatHolder({ pid: process.pid, build: BUILD }));
  return { [Symbol.dispose]: () => closeSync(file) };
}

/** Whether it is another process, and no trouble of this one, that keeps the lock away. */
export function isHeldByAnother(error: unknown): boolean {
  return hasReason(error, 'OPERATION_REFUSED') && error.metadata.lock !== undefined;
}

/** The holder writes its number after it got the lock, so for a moment nobody knows it. */
function heldByAnother(path: string): BangerError {
  const { pid } = parseHolder(readFileSync(path, 'utf8'));
  const holder = pid === 0 ? 'another process' : `process ${pid}`;
  return new BangerError('OPERATION_REFUSED', `${holder} holds "${path}"`, {
    metadata: { lock: path, pid: String(pid) },
  });
}
