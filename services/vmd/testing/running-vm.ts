import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { parseVmName } from '#kit/names.ts';
import { type CreateVm, createVm } from '../domain/create-vm.ts';
import { createFakeVmd, type FakeVmd } from './fake-vmd.ts';

/** What a test that creates "web" asks for, but for what it changes. */
export function wanted(change: Partial<CreateVm> = {}): CreateVm {
  return {
    name: parseVmName('web'),
    image: '',
    kernel: '',
    settings: {},
    publish: [],
    start: true,
    keepFailed: false,
    idempotencyKey: '',
    credentials: [],
    syncedFiles: [],
    ...change,
  };
}

export async function runningVm(t: TestContext, change: Partial<CreateVm> = {}) {
  const fake = createFakeVmd(t);
  const vm = await createVm(fake.vmd, fake.call, wanted(change), () => undefined);
  return { ...fake, vm };
}

/** Nothing of a VM is left anywhere. */
export async function assertNothingLeft({ vmd, driver, held }: FakeVmd): Promise<void> {
  assert.deepEqual(await vmd.store.list(), []);
  assert.deepEqual(
    Object.values(held).map((set) => [...set]),
    [[], [], [], [], []],
  );
  assert.equal(driver.machines.size, 0);
  assert.deepEqual(vmd.live.list(), []);
}
