import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { openDatabase } from '#kit/database.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { parsePool } from '../domain/address-pool.ts';
import { type Lease, NETWORK_MODES } from '../domain/lease.ts';
import { vmId, wishOf } from '../testing/netd-lab.ts';
import { type LeaseTables, openLeaseStore } from './lease-store.ts';
import { MIGRATIONS } from './migrations.ts';

function openStore(t: TestContext, pool = '172.30.0.0/29') {
  const path = join(temporaryFolder(t), 'netd.db');
  const { db } = openDatabase<LeaseTables>(path, MIGRATIONS);
  t.after(() => db.destroy());
  const reopen = ({ pool: other = pool, bootId = 'boot-1' } = {}) =>
    openLeaseStore(db, parsePool(other), bootId);
  return { db, path, store: reopen(), reopen };
}

function bridgeWish(number: number) {
  return { ...wishOf(number), mode: 'bridge' } as const;
}

function addressOf(lease: Lease): string {
  return lease.mode === 'bridge' ? lease.address : '';
}

test('guests get addresses after the gateway, in order', async (t) => {
  const { store } = openStore(t);
  const first = await store.insertBridge(bridgeWish(1), 0);
  const second = await store.insertBridge(bridgeWish(2), 1);
  assert.deepEqual([first, second].map(addressOf), ['172.30.0.2', '172.30.0.3']);
});

test('a lease is read as it was written, in every mode', async (t) => {
  const { store, reopen } = openStore(t);
  const terms = { nat: true, peers: true };
  await store.insertBridge({ ...bridgeWish(1), ...terms }, 7);
  await store.insert({ ...wishOf(2, { nat: true }), mode: 'user' });
  await store.insert({ ...wishOf(3), mode: 'none' });
  const leases = await reopen().list();
  assert.deepEqual(
    leases.map(({ mode }) => mode),
    [...NETWORK_MODES],
  );
  assert.deepEqual(leases[0], {
    ...wishOf(1, terms),
    state: 'detached',
    address: '172.30.0.2',
    tapIndex: 7,
  });
  assert.deepEqual(leases[1], { ...wishOf(2, { nat: true, mode: 'user' }), state: 'detached' });
});

test('a released address waits until all others were used, the one released first comes first', async (t) => {
  const { store } = openStore(t);
  const take = async (number: number) =>
    addressOf(await store.insertBridge(bridgeWish(number), number));
  assert.deepEqual([await take(1), await take(2)], ['172.30.0.2', '172.30.0.3']);
  await store.delete(vmId(2));
  await store.delete(vmId(1));
  assert.deepEqual(
    [await take(3), await take(4), await take(5)],
    ['172.30.0.4', '172.30.0.5', '172.30.0.6'],
  );
  assert.deepEqual([await take(6), await take(7)], ['172.30.0.3', '172.30.0.2']);
});

test('an exhausted pool says how large it is and changes nothing', async (t) => {
  const { store } = openStore(t);
  for (const number of [1, 2, 3, 4, 5]) await store.insertBridge(bridgeWish(number), number);
  await assert.rejects(
    () => store.insertBridge(bridgeWish(6), 6),
    failsWith('NO_FREE_ADDRESS', /^all 5 addresses of the pool 172\.30\.0\.0\/29 are leased; /),
  );
  assert.equal((await store.list()).length, 5);
  await store.delete(vmId(3));
  assert.equal(addressOf(await store.insertBridge(bridgeWish(6), 6)), '172.30.0.4');
});

test('no two VMs can be recorded with one tap', async (t) => {
  const { store } = openStore(t);
  await store.insertBridge(bridgeWish(1), 3);
  await assert.rejects(() => store.insertBridge(bridgeWish(2), 3), /UNIQUE/);
  assert.equal(addressOf(await store.insertBridge(bridgeWish(2), 4)), '172.30.0.3');
});

test('another pool starts at its own first address, whatever was released in the old one', async (t) => {
  const { store, reopen } = openStore(t);
  await store.insertBridge(bridgeWish(1), 0);
  await store.delete(vmId(1));
  const moved = reopen({ pool: '10.9.0.0/24' });
  assert.equal(addressOf(await moved.insertBridge(bridgeWish(2), 0)), '10.9.0.2');
});

test('terms change without touching the rest; releasing twice is once', async (t) => {
  const { store } = openStore(t);
  const before = await store.insertBridge(bridgeWish(1), 0);
  const after = await store.update(vmId(1), { nat: true });
  assert.deepEqual(after, { ...before, nat: true });
  assert.deepEqual(await store.update(vmId(1), {}), after);
  await store.delete(vmId(1));
  await store.delete(vmId(1));
  assert.equal(await store.find(vmId(1)), undefined);
});

test('what was attached before a reboot is not attached after it', async (t) => {
  const { store, reopen } = openStore(t);
  await store.insertBridge(bridgeWish(1), 0);
  await store.setState(vmId(1), 'attached');
  assert.equal((await reopen().find(vmId(1)))?.state, 'attached');
  assert.equal((await reopen({ bootId: 'boot-2' }).find(vmId(1)))?.state, 'detached');
});

test('a damaged record is told from a lease', async (t) => {
  const { store, db } = openStore(t);
  await store.insertBridge(bridgeWish(1), 0);
  await db.updateTable('leases').set({ state: 'sleeping' }).execute();
  await assert.rejects(() => store.list(), failsWith('STATE_CORRUPT', /recorded in no known form/));
});

test('every migration leads from the version before it to a database that works', async (t) => {
  const folder = temporaryFolder(t);
  for (let version = 0; version <= MIGRATIONS.length; version++) {
    const path = join(folder, `${version}.db`);
    const old = openDatabase(path, MIGRATIONS.slice(0, version));
    await old.db.destroy();
    const { db, schemaVersion } = openDatabase<LeaseTables>(path, MIGRATIONS);
    const store = openLeaseStore(db, parsePool('172.30.0.0/29'), 'boot-1');
    await store.insertBridge(bridgeWish(1), 0);
    assert.equal((await store.list()).length, 1);
    await db.destroy();
    const raw = new Database(path, { readonly: true });
    assert.equal(raw.pragma('user_version', { simple: true }), schemaVersion);
    raw.close();
  }
});
