import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { openDatabase } from '#kit/database.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { MIGRATIONS } from './migrations.ts';
import { openVmStore, type VmTables } from './vm-store.ts';

/** A VM as each version wrote it, never changed afterwards: what is on a user's disk does not change either. */
const WRITTEN_BY: readonly string[] = [
  `insert into vms values ('0123456789abcdef', 'web', 'job-7', 1000, 5000, '{
    "id": "0123456789abcdef", "name": "web", "state": "stopped", "stateDetail": "the host was restarted",
    "spec": {"vcpus": 2, "memoryMib": 512, "diskSizeBytes": 8589934592, "systemSizeBytes": 8589934592,
      "network": "user", "nat": true, "peers": false, "autostart": true, "labels": {"team": "a"}},
    "image": {"id": "sha256:aa", "name": "busybox"}, "kernel": {"id": "bb", "name": "debian-cloud"},
    "driver": "qemu", "pendingSettings": ["vcpus"], "idempotencyKey": "job-7",
    "createdAt": "1970-01-01T00:00:01.000Z", "lastUsedAt": "1970-01-01T00:00:05.000Z",
    "publishedPorts": [{"protocol": "tcp", "hostAddress": "127.0.0.1", "hostPort": 8080, "guestPort": 80}]
  }')`,
];

/** A database as the version that knew this many migrations left it. */
function makeDatabase(t: TestContext, version: number, rows: string): string {
  const path = join(temporaryFolder(t), 'vmd.db');
  const database = new Database(path);
  for (const { sql } of MIGRATIONS.slice(0, version)) database.exec(sql);
  database.exec(rows);
  database.pragma(`user_version = ${version}`);
  database.close();
  return path;
}

test('every version has a record that it wrote', () => {
  assert.equal(WRITTEN_BY.length, MIGRATIONS.length);
});

for (const [index, rows] of WRITTEN_BY.entries()) {
  test(`a vm of version ${index + 1} is there after the update, with all that it had`, async (t) => {
    const path = makeDatabase(t, index + 1, rows);
    const { db, schemaVersion } = openDatabase<VmTables>(path, MIGRATIONS);
    t.after(() => db.destroy());
    assert.equal(schemaVersion, MIGRATIONS.length);
    const [vm, ...others] = await openVmStore(db).list();
    assert.deepEqual(others, []);
    assert.equal(vm?.name, 'web');
    assert.equal(vm.spec.memoryMib, 512);
    assert.deepEqual(vm.spec.labels, { team: 'a' });
    assert.deepEqual(vm.pendingSettings, ['vcpus']);
    assert.equal(vm.publishedPorts[0]?.hostPort, 8080);
    assert.deepEqual(vm.lastUsedAt, new Date(5000));
    assert.equal((await openVmStore(db).findByKey('job-7'))?.id, '0123456789abcdef');
  });
}

test('the database of a newer version is refused and stays as it is', (t) => {
  const newer = MIGRATIONS.length + 1;
  const path = makeDatabase(t, MIGRATIONS.length, WRITTEN_BY.at(-1) ?? '');
  const database = new Database(path);
  database.pragma(`user_version = ${newer}`);
  database.close();
  assert.throws(() => openDatabase(path, MIGRATIONS), failsWith('STATE_CORRUPT', /newer banger/));
  const after = new Database(path, { readonly: true });
  t.after(() => after.close());
  assert.equal(after.pragma('user_version', { simple: true }), newer);
});
