import { BangerError } from '#kit/errors.ts';
import { systemCode } from './registry/system-code.ts';

const FULL: readonly string[] = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'];

/** Runs work that writes to a place; that its disk is full is the user's to solve, and has its own reason. */
export async function nameFullDisk<Result>(
  place: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (!FULL.includes(systemCode(cause))) throw cause;
    throw new BangerError(
      'DISK_FULL',
      `no space is left for ${place}; free some with: banger image cache prune`,
      { cause },
    );
  }
}
