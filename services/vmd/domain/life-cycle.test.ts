import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseVmName } from '#kit/names.ts';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { createFakeVmd } from '../testing/fake-vmd.ts';
import { assertNothingLeft, runningVm, wanted } from '../testing/running-vm.ts';
import { createVm } from './create-vm.ts';
import { deleteVm } from './delete-vm.ts';
import type { MachineExit } from './driver.ts';
import { killVm } from './kill-vm.ts';
import { pauseVm } from './pause-vm.ts';
import { pruneVms } from './prune-vms.ts';
import { restartVm } from './restart-vm.ts';
import { resumeVm } from './resume-vm.ts';
import { startVm } from './start-vm.ts';
import { stopVm } from './stop-vm.ts';
import type { Vm } from './vm.ts';

const silent = () => undefined;

test('a created vm runs, with what its owner asked for', async (t) => {
  const { vm, driver } = await runningVm(t, { settings: { vcpus: 2, memoryMib: 256 } });
  assert.equal(vm.state, 'running');
  assert.equal(vm.run?.bootId, 'boot-1');
  assert.equal(driver.launches[0]?.vcpus, 2);
  assert.equal(driver.launches[0]?.memoryMib, 256);
});

test('files sent along are for the first boot alone, also when that is a later one', async (t) => {
  const fake = createFakeVmd(t);
  const syncedFiles = [{ guestPath: '/root/.netrc', content: Buffer.from('x'), mode: 0o600 }];
  const request = wanted({ syncedFiles, start: false });
  const made = await createVm(fake.vmd, fake.call, request, silent);
  assert.deepEqual(made.syncedFiles, syncedFiles);
  const started = await startVm(fake.vmd, fake.call, made.id, silent);
  assert.equal(started.syncedFiles, undefined);
});

test('a create that fails at any step leaves nothing behind', async (t) => {
  const publish = [
    { protocol: 'tcp' as const, hostAddress: '127.0.0.1', hostPort: 80, guestPort: 80 },
  ];
  const steps = [
    'ensureImage',
    'leaseImage',
    'acquire',
    'createDisks',
    'attach',
    'growDisks',
    'boot',
    'openPort',
  ];
  for (const step of steps) {
    const fake = createFakeVmd(t);
    fake.failing.add(step);
    await assert.rejects(
      createVm(fake.vmd, fake.call, wanted({ publish }), silent),
      /on purpose/,
      step,
    );
    await assertNothingLeft(fake);
  }
});

test('a create whose launch fails leaves nothing behind', async (t) => {
  const fake = createFakeVmd(t);
  fake.driver.failLaunch = new Error('no such machine');
  await assert.rejects(createVm(fake.vmd, fake.call, wanted(), silent), /no such machine/);
  await assertNothingLeft(fake);
});

test('a guest that did not come up is kept for whoever wants to look, and says why', async (t) => {
  const fake = createFakeVmd(t);
  fake.failing.add('boot');
  await assert.rejects(
    createVm(fake.vmd, fake.call, wanted({ keepFailed: true }), silent),
    /vm "web" is kept as it is; read its console with: banger vm logs web/,
  );
  const [vm] = await fake.vmd.store.list();
  assert.equal(vm?.state, 'error');
  assert.match(vm?.failure?.message ?? '', /on purpose/);
  assert.equal(fake.driver.machines.size, 0);
});

test('zero and negative sizes are refused before anything is made', async (t) => {
  for (const settings of [{ vcpus: 0 }, { vcpus: -1 }, { memoryMib: 0 }, { diskSizeBytes: 0 }]) {
    const fake = createFakeVmd(t);
    await assert.rejects(
      createVm(fake.vmd, fake.call, wanted({ settings }), silent),
      failsWith('INVALID_SIZE', /not/),
    );
    await assertNothingLeft(fake);
  }
});

test('more memory than the host has left is refused with both figures', async (t) => {
  const fake = createFakeVmd(t);
  await assert.rejects(
    createVm(fake.vmd, fake.call, wanted({ settings: { memoryMib: 8192 } }), silent),
    failsWith('HOST_NOT_READY', /8 GiB.*4 GiB/),
  );
  await assertNothingLeft(fake);
});

test('of two creates of one name at once exactly one wins', async (t) => {
  const { vmd, call, held } = createFakeVmd(t);
  const both = await Promise.allSettled([1, 2].map(() => createVm(vmd, call, wanted(), silent)));
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal(held.disks.size, 1);
  assert.equal(held.images.size, 1);
});

test('repeating a create with its key gives the same vm', async (t) => {
  const { vmd, call, vm } = await runningVm(t, { idempotencyKey: 'job-7' });
  const again = await createVm(vmd, call, wanted({ idempotencyKey: 'job-7' }), silent);
  assert.equal(again.id, vm.id);
});

test('a stopped vm keeps its disks and lease and gives back the rest', async (t) => {
  const { vmd, call, held, driver, vm } = await runningVm(t);
  const stopped = await stopVm(vmd, call, 'web', undefined, silent);
  assert.equal(stopped.state, 'stopped');
  assert.equal(stopped.run, undefined);
  assert.equal(driver.machines.size, 0);
  assert.deepEqual([...held.attached], []);
  assert.deepEqual([...held.leases], [vm.id]);
  assert.deepEqual([...held.disks], [vm.id]);
});

test('a guest that does not power off is killed after the grace time', async (t) => {
  const { vmd, call, driver, failing } = await runningVm(t);
  failing.add('powerOff');
  const stopped = await stopVm(vmd, call, 'web', 10, silent);
  assert.equal(stopped.state, 'stopped');
  assert.equal(driver.machines.size, 0);
});

test('stop and start are idempotent, and restart gives a new boot', async (t) => {
  const { vmd, call, vm } = await runningVm(t);
  assert.equal((await startVm(vmd, call, 'web', silent)).run?.bootId, vm.run?.bootId);
  const restarted = await restartVm(vmd, call, 'web', undefined, silent);
  assert.notEqual(restarted.run?.bootId, vm.run?.bootId);
  await stopVm(vmd, call, 'web', undefined, silent);
  assert.equal((await stopVm(vmd, call, 'web', undefined, silent)).state, 'stopped');
});

test('a start that fails leaves the vm in error, attached to nothing, and a later start works', async (t) => {
  const { vmd, call, failing, held, driver } = await runningVm(t);
  await stopVm(vmd, call, 'web', undefined, silent);
  failing.add('boot');
  await assert.rejects(startVm(vmd, call, 'web', silent), /on purpose/);
  const [broken] = await vmd.store.list();
  assert.equal(broken?.state, 'error');
  assert.deepEqual([...held.attached], []);
  assert.equal(driver.machines.size, 0);
  failing.clear();
  assert.equal((await startVm(vmd, call, 'web', silent)).state, 'running');
});

test('a start that is cancelled leaves the vm stopped', async (t) => {
  const { vmd, call, driver } = await runningVm(t);
  await stopVm(vmd, call, 'web', undefined, silent);
  const left = new AbortController();
  const cancelled = callOf({ signal: left.signal });
  const report = () => left.abort();
  await assert.rejects(startVm(vmd, cancelled, 'web', report), { name: 'AbortError' });
  assert.equal((await vmd.store.list())[0]?.state, 'stopped');
  assert.equal(driver.machines.size, 0);
});

test('a killed vm is stopped, not in error', async (t) => {
  const { vmd, call } = await runningVm(t);
  const killed = await killVm(vmd, call, 'web', 'KILL');
  assert.equal(killed.state, 'stopped');
  assert.equal(killed.stateDetail, 'killed by KILL');
});

test('pause and resume go back and forth; a stopped vm has nothing to pause', async (t) => {
  const { vmd, call } = await runningVm(t);
  assert.equal((await pauseVm(vmd, call, 'web')).state, 'paused');
  assert.equal((await pauseVm(vmd, call, 'web')).state, 'paused');
  assert.equal((await resumeVm(vmd, call, 'web')).state, 'running');
  await stopVm(vmd, call, 'web', undefined, silent);
  await assert.rejects(pauseVm(vmd, call, 'web'), failsWith('VM_NOT_RUNNING', /start it with/));
});

test('a machine that was halted behind its record, as on a full disk, goes on with resume', async (t) => {
  const { vmd, call, vm } = await runningVm(t);
  const live = vmd.live.find(vm.id);
  assert.ok(live !== undefined);
  let goesOn = false;
  const resume = async () => {
    goesOn = true;
  };
  vmd.live.set(vm.id, { ...live, machine: { ...live.machine, resume } });
  assert.equal((await resumeVm(vmd, call, 'web')).state, 'running');
  assert.ok(goesOn);
});

test('a running vm can be deleted, and nothing is left', async (t) => {
  const fake = await runningVm(t);
  await deleteVm(fake.vmd, fake.call, 'web', { onlyIfStopped: false }, silent);
  await assertNothingLeft(fake);
});

test('nothing that a machine uses is given back before the machine has ended', async (t) => {
  const { vmd, call, held, vm } = await runningVm(t);
  const live = vmd.live.find(vm.id);
  assert.ok(live);
  const death = Promise.withResolvers<MachineExit>();
  const told = Promise.withResolvers<void>();
  const machine = { ...live.machine, exited: death.promise, signal: async () => told.resolve() };
  vmd.live.set(vm.id, { ...live, machine });
  const deleted = deleteVm(vmd, call, vm.id, { onlyIfStopped: false }, silent);
  await told.promise;
  // Whoever does not wait has done all of it by then.
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  assert.deepEqual([held.leases.size, held.attached.size, held.disks.size], [1, 1, 1]);
  death.resolve({ cause: 'host', detail: 'ended' });
  await deleted;
  assert.deepEqual([held.leases.size, held.attached.size, held.disks.size], [0, 0, 0]);
});

test('a running vm is not deleted by who wants to delete stopped ones only', async (t) => {
  const { vmd, call } = await runningVm(t);
  const attempt = deleteVm(vmd, call, 'web', { onlyIfStopped: true }, silent);
  await assert.rejects(attempt, failsWith('VM_RUNNING', /is running/));
  assert.equal((await vmd.store.list())[0]?.state, 'running');
});

test('prune deletes what is stopped and keeps what runs', async (t) => {
  const { vmd, call } = await runningVm(t);
  await createVm(vmd, call, wanted({ name: parseVmName('idle'), start: false }), silent);
  const named = async (dryRun: boolean) => {
    const pruned: string[] = [];
    for await (const { vm } of pruneVms(vmd, call, { dryRun })) pruned.push(vm.name);
    return pruned;
  };
  assert.deepEqual(await named(true), ['idle']);
  assert.deepEqual(await named(false), ['idle']);
  assert.deepEqual(
    (await vmd.store.list()).map(({ name }: Vm): string => name),
    ['web'],
  );
});

test('set, stop and delete of one vm at once take turns', async (t) => {
  const fake = await runningVm(t);
  const { vmd, call } = fake;
  const all = await Promise.allSettled([
    stopVm(vmd, call, 'web', undefined, silent),
    restartVm(vmd, call, 'web', undefined, silent),
    deleteVm(vmd, call, 'web', { onlyIfStopped: false }, silent),
  ]);
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled'],
  );
  await assertNothingLeft(fake);
});

test('a guest that powers off by itself is noticed', async (t) => {
  const { vmd, driver, vm, held } = await runningVm(t);
  const changed = vmd.store.changed();
  driver.end({ vmId: vm.id }, { cause: 'guest', detail: 'powered off by the guest' });
  await changed(AbortSignal.timeout(5000));
  const [stopped] = await vmd.store.list();
  assert.equal(stopped?.state, 'stopped');
  assert.equal(stopped?.stateDetail, 'powered off by the guest');
  assert.deepEqual([...held.attached], []);
});
