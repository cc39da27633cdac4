import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { type Migration, openDatabase, pingDatabase } from './database.ts';
import { failsWith } from './testing/fails-with.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

type Tables = { vms: { id: string; state: string } };

const FIRST: Migration = { name: 'vms', sql: 'create table vms (id text primary key) strict' };
const SECOND: Migration = {
  name: 'state',
  sql: "alter table vms add column state text not null default 'stopped'",
};

test('a new database gets every migration, and is for its owner only', async (t) => {
  const path = join(temporaryFolder(t), 'vmd.db');
  const { db, schemaVersion } = openDatabase<Tables>(path, [FIRST, SECOND]);
  t.after(() => db.destroy());
  await pingDatabase(db);
  await db.insertInto('vms').values({ id: 'a', state: 'running' }).execute();
  assert.equal(schemaVersion, 2);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('migrations are applied once, and the rows they find stay', async (t) => {
  const path = join(temporaryFolder(t), 'vmd.db');
  const old = openDatabase<{ vms: { id: string } }>(path, [FIRST]);
  await old.db.insertInto('vms').values({ id: 'a' }).execute();
  await old.db.destroy();
  for (let round = 0; round < 2; round++) {
    const { db } = openDatabase<Tables>(path, [FIRST, SECOND]);
    assert.deepEqual(await db.selectFrom('vms').selectAll().execute(), [
      { id: 'a', state: 'stopped' },
    ]);
    await db.destroy();
  }
});

test('a migration that fails leaves the database as the one before it made it', async (t) => {
  const path = join(temporaryFolder(t), 'vmd.db');
  const broken = { name: 'broken', sql: 'create table half (id text); create tabel other' };
  assert.throws(
    () => openDatabase(path, [FIRST, broken]),
    failsWith('STATE_CORRUPT', /near "tabel"/),
  );
  const { db } = openDatabase<Tables>(path, [FIRST, SECOND]);
  t.after(() => db.destroy());
  const tables = await db.introspection.getTables();
  assert.deepEqual(
    tables.map(({ name }) => name),
    ['vms'],
  );
});

test('a transaction that SQLite rolled back by itself fails with what was wrong in it', async (t) => {
  const { db } = openDatabase<Tables>(join(temporaryFolder(t), 'vmd.db'), [FIRST, SECOND]);
  t.after(() => db.destroy());
  await db.insertInto('vms').values({ id: 'a', state: 'running' }).execute();
  const twice = db
    .transaction()
    .execute((transaction) =>
      sql`insert or rollback into vms (id) values ('a')`.execute(transaction),
    );
  await assert.rejects(twice, /UNIQUE constraint failed/);
  const found = await db
    .transaction()
    .execute((read) => read.selectFrom('vms').select('id').execute());
  assert.deepEqual(found, [{ id: 'a' }]);
});

test('a database of a newer banger is refused and not changed', async (t) => {
  const path = join(temporaryFolder(t), 'vmd.db');
  await openDatabase(path, [FIRST, SECOND]).db.destroy();
  const before = readFileSync(path);
  assert.throws(
    () => openDatabase(path, [FIRST]),
    failsWith('STATE_CORRUPT', /has version 2 and this banger knows 1; install the newer banger/),
  );
  assert.deepEqual(readFileSync(path), before);
});

test('a file that is no database is refused with what to do, and not changed', (t) => {
  const path = join(temporaryFolder(t), 'vmd.db');
  writeFileSync(path, 'this is not a database, but it is long enough to look at\n'.repeat(100));
  const before = readFileSync(path);
  assert.throws(
    () => openDatabase(path, [FIRST]),
    failsWith('STATE_CORRUPT', /vmd\.db" cannot be opened: file is not a database; move it aside/),
  );
  assert.deepEqual(readFileSync(path), before);
});

test('a folder that is not there is told with the path', () => {
  assert.throws(
    () => openDatabase('/nonexistent/vmd.db', [FIRST]),
    failsWith('STATE_CORRUPT', /"\/nonexistent\/vmd\.db" cannot be opened/),
  );
});

test('commits survive a loss of power: the log is written ahead and synced', async (t) => {
  const { db } = openDatabase<Tables>(join(temporaryFolder(t), 'vmd.db'), [FIRST]);
  t.after(() => db.destroy());
  const { sql } = await import('kysely');
  const pragma = async (name: string) => {
    const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(db);
    return Object.values(rows[0] ?? {})[0];
  };
  assert.equal(await pragma('journal_mode'), 'wal');
  assert.equal(await pragma('synchronous'), 2);
  assert.equal(await pragma('foreign_keys'), 1);
});
