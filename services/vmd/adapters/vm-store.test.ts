import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDatabase } from '#kit/database.ts';
import { parseVmId, parseVmName } from '#kit/names.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { sampleVm } from '../testing/sample-vm.ts';
import { MIGRATIONS } from './migrations.ts';
import { openVmStore, type VmTables } from './vm-store.ts';

const OTHER = { id: parseVmId('fedcba9876543210'), name: parseVmName('db') };

function open(t: TestContext) {
  const { db } = openDatabase<VmTables>(join(temporaryFolder(t), 'vmd.db'), MIGRATIONS);
  t.after(() => db.destroy());
  return { db, store: openVmStore(db) };
}

test('a record comes back as it was written, with all that is optional', async (t) => {
  const { store } = open(t);
  const at = new Date(1000);
  const vm = sampleVm({
    state: 'running',
    imageConfig: {
      entrypoint: ['/entry'],
      command: ['serve'],
      environment: ['A=b'],
      user: 'app',
      workingDir: '/srv',
      init: '/sbin/init',
    },
    failure: { reason: 'BOOT_TIMEOUT', message: 'too slow', at },
    workspace: {
      guestPath: '/root/repo',
      hostPath: '/home/me/repo',
      headCommit: 'abc',
      branch: 'main',
      mode: 'overlay',
      readOnly: false,
      settledAt: new Date(4),
      preparedAt: at,
    },
    syncedFiles: [{ guestPath: '/root/.netrc', content: Buffer.from('\xff\0'), mode: 0o600 }],
    gitIdentity: { name: 'Me', email: 'me@example.org' },
    publishedPorts: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 80, guestPort: 8080 }],
    run: {
      process: { pid: 7, startTicks: 99 },
      accelerator: 'tcg',
      hostBootId: 'boot',
      address: '10.0.2.15',
      startedAt: at,
      bootId: 'guest-boot',
      bootPhases: [{ name: 'init', atMs: 1.5 }],
    },
  });
  await store.insert(vm);
  assert.deepEqual(await store.find(vm.id), vm);
});

test('vms are listed oldest first', async (t) => {
  const { store } = open(t);
  await store.insert(sampleVm({ createdAt: new Date(2000) }));
  await store.insert(sampleVm({ ...OTHER, createdAt: new Date(1000) }));
  assert.deepEqual(
    (await store.list()).map(({ name }): string => name),
    ['db', 'web'],
  );
});

test('two vms cannot have one name, neither from the start nor by a change', async (t) => {
  const { store } = open(t);
  await store.insert(sampleVm());
  const taken = failsWith('VM_EXISTS', /there is a vm "web" already/);
  await assert.rejects(store.insert(sampleVm({ id: OTHER.id })), taken);
  const other = sampleVm(OTHER);
  await store.insert(other);
  await assert.rejects(store.update({ ...other, name: sampleVm().name }), taken);
});

test('a use that was noted while a verb held the record is not lost', async (t) => {
  const { store } = open(t);
  const vm = sampleVm({ lastUsedAt: new Date(1000) });
  await store.insert(vm);
  await store.touch(vm.id, new Date(5000));
  await store.update({ ...vm, state: 'running' });
  assert.deepEqual((await store.find(vm.id))?.lastUsedAt, new Date(5000));
});

test('whoever waits for a change hears of the next one', async (t) => {
  const { store } = open(t);
  const wait = store.changed();
  await store.insert(sampleVm());
  await wait(AbortSignal.timeout(5000));
});

test('a record that is damaged is an error and not a vm', async (t) => {
  const cases: [string, object][] = [
    ['state', { state: 'flying' }],
    ['spec', { spec: 7 }],
    ['name', { name: '../web' }],
  ];
  for (const [what, damage] of cases) {
    const { db, store } = open(t);
    const vm = sampleVm();
    await store.insert(vm);
    const record = JSON.stringify({ ...vm, ...damage });
    await db.updateTable('vms').set({ record }).execute();
    await assert.rejects(
      store.list(),
      failsWith(
        'STATE_CORRUPT',
        /^the record of vm "web" cannot be read; .* or delete row "[0-9a-f]{16}"/,
      ),
      what,
    );
  }
});
