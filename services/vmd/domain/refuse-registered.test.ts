import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImageName, parseVmName } from '#kit/names.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { createFakeVmd } from '../testing/fake-vmd.ts';
import { sampleVm } from '../testing/sample-vm.ts';
import { createVm } from './create-vm.ts';
import { setVm } from './set-vm.ts';
import type { NetworkMode } from './vm.ts';

const REGISTERED = { id: 'image-2', name: parseImageName('mine'), isManaged: false };
const REFUSAL = failsWith('FEATURE_UNSUPPORTED', /banger image promote mine.*--network user/);

function request(network: NetworkMode) {
  return {
    name: parseVmName('web'),
    ...{ image: 'mine', kernel: '', idempotencyKey: '' },
    settings: { network },
    ...{ publish: [], credentials: [], syncedFiles: [] },
    ...{ start: true, keepFailed: false },
  };
}

test('a registered image boots without the bridge; with it nothing is made, not even a pull', async (t) => {
  const { vmd, driver, held, call } = createFakeVmd(t);
  driver.offersNetwork = async () => true;
  vmd.images.ensureImage = async () => REGISTERED;
  const { ensureKernel } = vmd.images;
  vmd.images.ensureKernel = () => Promise.reject(new Error('a kernel was asked for'));
  await assert.rejects(
    createVm(vmd, call, request('bridge'), () => undefined),
    REFUSAL,
  );
  assert.deepEqual(await vmd.store.list(), []);
  assert.equal(Object.values(held).flatMap((set) => [...set]).length, 0);
  vmd.images.ensureKernel = ensureKernel;
  const vm = await createVm(vmd, call, request('user'), () => undefined);
  assert.equal(vm.state, 'running');
});

test('a vm of a registered image cannot be moved to the bridge', async (t) => {
  const { vmd, driver, call } = createFakeVmd(t);
  driver.offersNetwork = async () => true;
  await vmd.store.insert(sampleVm());
  const { leaseImage } = vmd.images;
  vmd.images.leaseImage = async (...args) => ({ ...(await leaseImage(...args)), ...REGISTERED });
  const moving = () =>
    setVm(vmd, call, 'web', { settings: { network: 'bridge' }, removeLabels: [] });
  await assert.rejects(moving(), REFUSAL);
  assert.equal((await vmd.store.list())[0]?.spec.network, 'user');
  vmd.images.leaseImage = leaseImage;
  assert.equal((await moving()).spec.network, 'bridge');
});
