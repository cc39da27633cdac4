import { BangerError } from './errors.ts';

/**
 * What the disk and the database under a service can do to it, as an error that says so: all of it is the host's to
 * mend and none of it a defect. The codes are Node's and SQLite's own.
 */
export function nameStorageFailure(error: unknown): BangerError | undefined {
  const code = codeOf(error);
  if (/^(ENOSPC|EDQUOT|SQLITE_FULL)$/.test(code)) {
    return new BangerError('DISK_FULL', "the service's disk is full; free some space and repeat", {
      cause: error,
    });
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new BangerError(
      'SERVICE_UNAVAILABLE',
      "another program holds the service's database; end that program and repeat",
      { cause: error },
    );
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new BangerError(
      'STATE_CORRUPT',
      "the service's database is damaged; stop the service and restore the database from a copy, or move it aside to start afresh",
      { cause: error },
    );
  }
  return undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
