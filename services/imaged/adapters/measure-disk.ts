import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';

/** Without O_NONBLOCK opening a named pipe would wait for its other end. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The size of somebody else's disk, which must be a plain file under its own name. */
export async function measureDisk(path: string): Promise<number> {
  const file = await open(path, FLAGS).catch((cause: unknown) => {
    throw unusable(path, describe(cause), cause);
  });
  try {
    const stats = await file.stat();
    if (stats.isFile()) return stats.size;
    throw unusable(path, 'is not a file');
  } finally {
    await file.close();
  }
}

function describe(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : '';
  if (code === 'ELOOP') return 'is a link; name the file itself';
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES') return 'may not be read by imaged; give its account the right';
  return 'cannot be opened';
}

function unusable(path: string, why: string, cause?: unknown): BangerError {
  return new BangerError('INVALID_FIELD', `"${printableName(path)}" ${why}`, {
    cause,
    metadata: { field: 'path', path: printableName(path) },
  });
}
