import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeVmd, type FakeVmd } from '../testing/fake-vmd.ts';
import { assertNothingLeft, runningVm, wanted } from '../testing/running-vm.ts';
import { createVm } from './create-vm.ts';
import { startVm } from './start-vm.ts';
import { stopVm } from './stop-vm.ts';

const silent = () => undefined;
const publish = [
  { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, guestPort: 80 },
] as const;
const TAKEN = /tcp port 8080 on 127.0.0.1 is taken by another program/;

/** From now on somebody else has every port, or from the moment on in which a machine runs. */
function takePorts({ vmd, driver }: Pick<FakeVmd, 'vmd' | 'driver'>, when: 'now' | 'booted') {
  const { open } = vmd.publisher;
  vmd.publisher.open = async (...args) => {
    if (when === 'booted' && driver.machines.size === 0) return open(...args);
    throw Object.assign(new Error('listen'), { code: 'EADDRINUSE' });
  };
}

test('a port that is taken is refused before anything boots, and nothing is kept', async (t) => {
  const fake = createFakeVmd(t);
  takePorts(fake, 'now');
  const request = wanted({ publish, keepFailed: true });
  await assert.rejects(createVm(fake.vmd, fake.call, request, silent), TAKEN);
  assert.equal(fake.driver.launches.length, 0);
  await assertNothingLeft(fake);
});

test('a start whose port was taken meanwhile changes nothing', async (t) => {
  const fake = await runningVm(t, { publish });
  const { vmd, call, driver } = fake;
  await stopVm(vmd, call, 'web', undefined, silent);
  takePorts(fake, 'now');
  await assert.rejects(startVm(vmd, call, 'web', silent), TAKEN);
  assert.equal((await vmd.store.list())[0]?.state, 'stopped');
  assert.equal(driver.launches.length, 1);
});

test('a port that somebody takes during the boot undoes the create', async (t) => {
  const fake = createFakeVmd(t);
  takePorts(fake, 'booted');
  await assert.rejects(createVm(fake.vmd, fake.call, wanted({ publish }), silent), TAKEN);
  assert.equal(fake.driver.launches.length, 1);
  await assertNothingLeft(fake);
});
