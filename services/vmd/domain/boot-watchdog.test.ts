import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { untilAborted } from '#kit/abort.ts';
import { parseVmName } from '#kit/names.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { createFakeVmd } from '../testing/fake-vmd.ts';
import { createVm } from './create-vm.ts';
import type { Guests, Vmd } from './ports.ts';

const WANTED = {
  ...{ name: parseVmName('web'), image: '', kernel: '', settings: {}, publish: [] },
  ...{ start: true, keepFailed: true, idempotencyKey: '', credentials: [], syncedFiles: [] },
};

/** Vmd with guests of which the first ones hang in their boot. */
function openVmd(t: TestContext, hanging: number) {
  const fake = createFakeVmd(t);
  const never = new Promise<never>(() => undefined);
  let connects = 0;
  const guests: Guests = {
    connect: (call, socket) =>
      ++connects <= hanging
        ? untilAborted(never, call.signal)
        : fake.vmd.guests.connect(call, socket),
  };
  const vmd: Vmd = { ...fake.vmd, guests, settings: { ...fake.vmd.settings, bootTimeoutMs: 20 } };
  return { ...fake, create: () => createVm(vmd, fake.call, WANTED, () => undefined) };
}

test('a guest that hangs in its boot gets a second chance', async (t) => {
  const { create, driver } = openVmd(t, 1);
  assert.equal((await create()).state, 'running');
  assert.equal(driver.launches.length, 2);
  assert.equal(driver.machines.size, 1);
});

test('one that hangs again is given up, with what the console said last', async (t) => {
  const { create, driver, vmd } = openVmd(t, 2);
  const expected =
    /did not answer within 0\.02 s \(boot_timeout of .*\); its console said last:\nLinux says hello/;
  await assert.rejects(create(), failsWith('BOOT_TIMEOUT', expected));
  assert.equal(driver.launches.length, 2);
  assert.equal(driver.machines.size, 0);
  const [vm] = await vmd.store.list();
  assert.deepEqual([vm?.state, vm?.failure?.reason], ['error', 'BOOT_TIMEOUT']);
});
