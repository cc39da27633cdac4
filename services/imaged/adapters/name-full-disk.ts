import { BangerError, hasReason } from '#kit/errors.ts';
import { systemCode } from './registry/system-code.ts';

/** What a tool says of ENOSPC; all of them run in the C locale. */
const SAID_BY_TOOLS = 'No space left on device';

const FULL: readonly string[] = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'];

/** Runs work that writes to a place; that its disk is full is the user's to solve, and has its own reason. */
export async function nameFullDisk<Result>(
  place: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (!isFullDisk(cause)) throw cause;
    throw new BangerError(
      'DISK_FULL',
      `no space is left for ${place}; free some with: banger image cache prune`,
      { cause },
    );
  }
}

function isFullDisk(error: unknown): boolean {
  if (FULL.includes(systemCode(error))) return true;
  return hasReason(error, 'COMMAND_FAILED') && error.message.includes(SAID_BY_TOOLS);
}
