import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parseVmName } from '#kit/names.ts';
import { until } from '#kit/testing/until.ts';
import { createFakeVmd } from '../testing/fake-vmd.ts';
import { createVm } from './create-vm.ts';
import { recheck, reconcile } from './reconcile.ts';
import { stopVm } from './stop-vm.ts';
import { moveTo, type VmState } from './vm.ts';

const REBOOT = { cause: 'reboot', detail: 'restarted by the guest' } as const;

async function runningVm(t: TestContext) {
  const fake = createFakeVmd(t);
  const wanted = {
    ...{ name: parseVmName('web'), image: '', kernel: '', settings: {}, publish: [] },
    ...{ start: true, keepFailed: false, idempotencyKey: '', credentials: [], syncedFiles: [] },
  };
  const vm = await createVm(fake.vmd, fake.call, wanted, () => undefined);
  const current = async () => (await fake.vmd.store.find(vm.id)) ?? assert.fail('the vm is gone');
  return { ...fake, vm, current };
}

test('a vm whose guest restarts is booted again', async (t) => {
  const { driver, vm, current, held } = await runningVm(t);
  driver.end({ vmId: vm.id }, REBOOT);
  await until(async () => (await current()).run?.bootId === 'boot-2');
  assert.equal((await current()).state, 'running');
  assert.deepEqual([...held.attached], [vm.id]);
});

test('a guest that restarts and does not come up leaves the vm in error, with nothing attached', async (t) => {
  const { driver, vm, current, held, failing } = await runningVm(t);
  failing.add('boot');
  driver.end({ vmId: vm.id }, REBOOT);
  await until(async () => (await current()).state === 'error');
  assert.match((await current()).failure?.message ?? '', /on purpose/);
  assert.deepEqual([...held.attached], []);
});

for (const [state, left] of [
  ['running', 'running'],
  ['stopping', 'stopped'],
  ['deleting', undefined],
] as const satisfies readonly (readonly [VmState, VmState | undefined])[]) {
  test(`a vm that a crash left ${state} is ${left ?? 'gone'} after the next start`, async (t) => {
    const { vmd, call, driver, vm, held } = await runningVm(t);
    await vmd.store.update(moveTo(vm, state, vm));
    vmd.live.delete(vm.id);
    await reconcile(vmd, call);
    assert.equal((await vmd.store.find(vm.id))?.state, left);
    assert.equal(driver.machines.size, state === 'running' ? 1 : 0);
    assert.equal(held.attached.size, state === 'running' ? 1 : 0);
    assert.equal(held.leases.size, left === undefined ? 0 : 1);
  });
}

for (const state of ['stopping', 'deleting'] as const) {
  test(`a vm that a failed verb left ${state} is put right by the next look`, async (t) => {
    const { vmd, call, driver, vm } = await runningVm(t);
    await vmd.store.update(moveTo(vm, state, vm));
    await recheck(vmd, call);
    const left = await vmd.store.find(vm.id);
    assert.equal(left?.state, state === 'stopping' ? 'stopped' : undefined);
    assert.equal(driver.machines.size, 0);
  });
}

test('a stop that failed on its way can be repeated', async (t) => {
  const { vmd, call, vm, current } = await runningVm(t);
  await vmd.store.update(moveTo(vm, 'stopping', vm));
  await stopVm(vmd, call, 'web', undefined, () => undefined);
  assert.equal((await current()).state, 'stopped');
});

test('a guest that was asked to stop when vmd crashed is asked again, before it is killed', async (t) => {
  const { vmd, call, vm, driver } = await runningVm(t);
  await vmd.store.update(moveTo(vm, 'stopping', vm));
  const { running } = driver.machines.get(vm.id) ?? assert.fail('there is no machine');
  vmd.live.delete(vm.id);
  await reconcile(vmd, call);
  assert.equal((await running.exited).detail, 'powered off by the guest');
});
