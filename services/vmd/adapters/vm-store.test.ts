import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDatabase } from '#kit/database.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { MIGRATIONS } from './migrations.ts';
import { openVmStore, type VmRow, type VmTables } from './vm-store.ts';

const ROW: VmRow = { id: '0123456789abcdef', name: 'web', state: 'stopped', created_at: 1000 };

async function storeWith(t: TestContext, rows: readonly VmRow[]) {
  const { db } = openDatabase<VmTables>(join(temporaryFolder(t), 'vmd.db'), MIGRATIONS);
  t.after(() => db.destroy());
  if (rows.length > 0) await db.insertInto('vms').values(rows).execute();
  return openVmStore(db);
}

test('a new store is empty', async (t) => {
  const store = await storeWith(t, []);
  assert.deepEqual(await store.list(), []);
});

test('vms are listed oldest first, in the words of the domain', async (t) => {
  const younger = { ...ROW, id: 'fedcba9876543210', name: 'db', created_at: 2000 };
  const store = await storeWith(t, [younger, ROW]);
  assert.deepEqual(await store.list(), [
    { id: ROW.id, name: 'web', state: 'stopped', createdAt: new Date(1000) },
    { id: younger.id, name: 'db', state: 'stopped', createdAt: new Date(2000) },
  ]);
});

test('two vms cannot have one name', async (t) => {
  const rows = [ROW, { ...ROW, id: 'fedcba9876543210' }];
  await assert.rejects(storeWith(t, rows), /UNIQUE constraint failed: vms\.name/);
});

test('a record that is damaged is an error and not a vm', async (t) => {
  const cases: [Partial<VmRow>, (error: unknown) => boolean][] = [
    [{ state: 'flying' }, failsWith('STATE_CORRUPT', /vm "0123456789abcdef" is recorded in no/)],
    [{ name: '../web' }, failsWith('INVALID_NAME', /cannot name a vm/)],
    [{ id: 'x' }, failsWith('INVALID_REFERENCE', /is not the id of a vm/)],
  ];
  for (const [damage, expected] of cases) {
    const store = await storeWith(t, [{ ...ROW, ...damage }]);
    await assert.rejects(store.list(), expected);
  }
});
