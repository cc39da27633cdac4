import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseVmName } from '#kit/names.ts';
import { until } from '#kit/testing/until.ts';
import { assertNothingLeft, runningVm, wanted } from '../testing/running-vm.ts';
import { createVm } from './create-vm.ts';
import { reconcile } from './reconcile.ts';

const silent = () => undefined;

test('a vm that is held goes with its holder, and not before', async (t) => {
  const holder = new AbortController();
  const fake = await runningVm(t, { holder: holder.signal });
  assert.equal((await fake.vmd.store.find(fake.vm.id))?.state, 'running');
  holder.abort();
  await until(async () => (await fake.vmd.store.list()).length === 0);
  await assertNothingLeft(fake);
});

test('a vmd that starts deletes what was held, and nothing else', async (t) => {
  const fake = await runningVm(t, { holder: new AbortController().signal });
  const { vmd, call } = fake;
  await createVm(vmd, call, wanted({ name: parseVmName('stays'), start: false }), silent);
  await reconcile(vmd, call);
  assert.deepEqual(
    (await vmd.store.list()).map(({ name }) => name),
    ['stays'],
  );
  assert.equal(fake.driver.machines.size, 0);
});
