import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { BangerError } from './errors.ts';
import type { Libc } from './libc.ts';

/**
 * Makes this process the only holder of a lock file until it ends, however it ends: the kernel drops the lock
 * with the descriptor, so a killed holder never blocks the next one.
 */
export function holdProcessLock(path: string, libc: Libc): Disposable {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  if (!libc.tryLock(file)) {
    closeSync(file);
    throw new BangerError('OPERATION_REFUSED', `another process holds "${path}"`, {
      metadata: { path },
    });
  }
  ftruncateSync(file);
  writeSync(file, `${process.pid}\n`);
  return { [Symbol.dispose]: () => closeSync(file) };
}
