import { chmodSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type Dialect, Kysely, SqliteDialect, sql } from 'kysely';
import { BangerError, type Reason } from './errors.ts';
import { nameStorageFailure } from './storage-failure.ts';

/**
 * One step of a database's history: plain SQL, applied once, in order, never changed after a release.
 * A database's version is the number of steps it has seen.
 */
export type Migration = { name: string; sql: string };

export type OpenDatabase<Tables> = {
  db: Kysely<Tables>;
  schemaVersion: number;
};

/**
 * Opens a service's database and brings it up to date. WAL with synchronous=FULL: a committed change
 * survives loss of power at 0.1 to 0.3 ms a commit.
 */
export function openDatabase<Tables>(
  path: string,
  migrations: readonly Migration[],
): OpenDatabase<Tables> {
  const database = open(path);
  try {
    const from = Number(database.pragma('user_version', { simple: true }));
    refuseNewer(path, from, migrations.length);
    for (const [index, migration] of migrations.entries()) {
      if (index < from) continue;
      database.transaction(() => {
        database.exec(migration.sql);
        database.pragma(`user_version = ${index + 1}`);
      })();
    }
  } catch (error) {
    database.close();
    throw error instanceof BangerError ? error : notOpened(path, error);
  }
  const db = new Kysely<Tables>({ dialect: dialectOf(database) });
  return { db, schemaVersion: migrations.length };
}

/**
 * On a full disk, and after some other failures, SQLite has rolled the transaction back by itself. To do so once more
 * would be an error, which hides what happened.
 */
function dialectOf(database: Database.Database): Dialect {
  const dialect = new SqliteDialect({ database });
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver() {
      const driver = dialect.createDriver();
      const rollback = driver.rollbackTransaction.bind(driver);
      return Object.assign(driver, {
        rollbackTransaction: async (connection: Parameters<typeof rollback>[0]) => {
          if (database.inTransaction) await rollback(connection);
        },
      });
    },
  };
}

function open(path: string): Database.Database {
  try {
    const database = new Database(path);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    // Nobody else has business with it; and while this waits, the service serves nobody.
    database.pragma('busy_timeout = 1000');
    chmodSync(path, 0o600);
    return database;
  } catch (error) {
    throw notOpened(path, error);
  }
}

function refuseNewer(path: string, version: number, known: number): void {
  if (version <= known) return;
  throw new BangerError(
    'STATE_CORRUPT',
    `database "${path}" has version ${version} and this banger knows ${known}; install the newer banger again`,
    { metadata: { path, version: String(version) } },
  );
}

/** Only what is damaged is to be moved aside: what is locked, or finds no room, is whole. */
function notOpened(path: string, cause: unknown): BangerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const failure = nameStorageFailure(cause);
  const [reason, advice] = (failure && ADVICE[failure.reason]) ?? [
    'STATE_CORRUPT',
    'move it aside to start afresh, or restore it',
  ];
  return new BangerError(reason, `database "${path}" cannot be opened: ${why}; ${advice}`, {
    cause,
    metadata: { path },
  });
}

const ADVICE: Partial<Record<Reason, readonly [Reason, string]>> = {
  DISK_FULL: ['DISK_FULL', 'free some space'],
  SERVICE_UNAVAILABLE: ['SERVICE_UNAVAILABLE', 'end the program that holds it'],
};

/** Reads one value, to prove that the database answers. */
export async function pingDatabase<Tables>(db: Kysely<Tables>): Promise<void> {
  await sql`select 1`.execute(db);
}
