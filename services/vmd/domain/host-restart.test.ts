import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parseVmName } from '#kit/names.ts';
import { until } from '#kit/testing/until.ts';
import { createFakeDriver } from '../testing/fake-driver.ts';
import { createFakeVmd } from '../testing/fake-vmd.ts';
import { createVm } from './create-vm.ts';
import { createLiveVms } from './live-vms.ts';
import { pauseVm } from './pause-vm.ts';
import type { Vmd } from './ports.ts';
import { startUpkeep } from './upkeep.ts';

const NAMES = ['plain', 'wanted', 'paused'] as const;

/** Three running VMs, and vmd as it starts after the host did: nothing of the machines is left. */
async function restartHost(t: TestContext) {
  const { vmd, call, held } = createFakeVmd(t);
  for (const name of NAMES) {
    const settings = { autostart: name !== 'plain' };
    const wanted = { name: parseVmName(name), image: '', kernel: '', settings, publish: [] };
    const more = {
      start: true,
      keepFailed: false,
      idempotencyKey: '',
      credentials: [],
      syncedFiles: [],
    };
    await createVm(vmd, call, { ...wanted, ...more }, () => undefined);
  }
  await pauseVm(vmd, call, 'paused');
  const driver = createFakeDriver();
  const restarted: Vmd = {
    ...vmd,
    drivers: [driver],
    live: createLiveVms(),
    host: { ...vmd.host, bootId: () => 'the-next-boot' },
  };
  const find = async (name: (typeof NAMES)[number]) =>
    (await vmd.store.list()).find((vm) => vm.name === name);
  return { vmd: restarted, driver, held, find };
}

test('a vm that ran when the host was restarted is stopped and says why', async (t) => {
  const { vmd, held, find } = await restartHost(t);
  await startUpkeep(vmd);
  const vm = await find('plain');
  assert.deepEqual([vm?.state, vm?.stateDetail], ['stopped', 'the host was restarted']);
  assert.equal(vm?.run, undefined);
  assert.equal(held.attached.has(vm?.id ?? ('' as never)), false);
});

test('one that is to come back is started again, also when it was paused', async (t) => {
  const { vmd, driver, find } = await restartHost(t);
  await startUpkeep(vmd);
  for (const name of ['wanted', 'paused'] as const) {
    await until(async () => (await find(name))?.state === 'running');
    assert.equal((await find(name))?.run?.hostBootId, 'the-next-boot');
  }
  assert.equal(driver.machines.size, 2);
});

test('without a restart of the host, what ended in the meantime stays stopped', async (t) => {
  const { vmd, find } = await restartHost(t);
  await startUpkeep({ ...vmd, host: { ...vmd.host, bootId: () => 'this-boot' } });
  for (const name of NAMES) {
    const vm = await find(name);
    assert.deepEqual(
      [vm?.state, vm?.stateDetail],
      ['stopped', 'it ended while vmd was not running'],
    );
  }
});
