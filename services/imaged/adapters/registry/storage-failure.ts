import { dirname } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { systemCode } from './system-code.ts';

/** A full disk is the user's to solve and has its own reason; other failures stay what they are. */
export function toStorageFailure(error: unknown, path: string): unknown {
  if (!['ENOSPC', 'EDQUOT'].includes(systemCode(error))) return error;
  return new BangerError(
    'DISK_FULL',
    `no space is left in "${dirname(path)}"; free some with: banger image cache prune`,
    { cause: error, metadata: { path } },
  );
}
