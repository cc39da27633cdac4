import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isAbort } from '#kit/abort.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { createFakeVmd } from '../testing/fake-vmd.ts';
import { sampleVm } from '../testing/sample-vm.ts';
import { type ExecVm, execVm } from './exec-vm.ts';
import type { GuestExec } from './guest.ts';
import { startVm } from './start-vm.ts';

const NOTHING: ExecVm = {
  arguments: [],
  environment: [],
  workingDir: '',
  user: '',
  detach: false,
};

/** A machine whose guest notes what it is to run. */
async function runningVm(t: TestContext) {
  const fake = createFakeVmd(t);
  await fake.vmd.store.insert(sampleVm());
  const vm = await startVm(fake.vmd, fake.call, 'web', () => undefined);
  const asked: ExecVm[] = [];
  const { guest, machine } = fake.vmd.live.find(vm.id) ?? {};
  assert.ok(guest !== undefined && machine !== undefined);
  guest.exec = async (_call, wanted) => {
    asked.push({ ...wanted, environment: wanted.environment.slice(-1) });
    return {} as GuestExec;
  };
  return { ...fake, vm, asked, guest, machine };
}

test('a program starts as the image asks while imaged is away', async (t) => {
  const { vmd, call, asked, failing } = await runningVm(t);
  failing.add('leaseImage');
  await execVm(vmd, call, 'web', NOTHING);
  const own = { arguments: ['id'], environment: ['MY=own'], user: 'me', workingDir: '/tmp' };
  await execVm(vmd, call, 'web', { ...NOTHING, ...own });
  const usual = { arguments: ['/entry', 'serve'], environment: ['FROM=image'] };
  assert.deepEqual(asked, [
    { ...NOTHING, ...usual, user: 'app', workingDir: '/srv' },
    { ...NOTHING, ...own },
  ]);
});

test('a machine that an older vmd booted is asked about at imaged, until it boots again', async (t) => {
  const { vmd, call, vm, asked, failing } = await runningVm(t);
  const { imageConfig, ...older } = vm;
  assert.ok(imageConfig !== undefined);
  await vmd.store.update(older);
  await execVm(vmd, call, 'web', NOTHING);
  assert.deepEqual(asked[0]?.arguments, ['/entry', 'serve']);
  failing.add('leaseImage');
  await assert.rejects(execVm(vmd, call, 'web', NOTHING), failsWith('COMMAND_FAILED', /purpose/));
});

test('a program waits for a guest whose channel was lost, until its machine is gone or the caller is', async (t) => {
  const { vmd, call, vm, asked, guest, machine } = await runningVm(t);
  vmd.live.set(vm.id, { machine });
  const started = execVm(vmd, call, 'web', NOTHING);
  await new Promise(setImmediate);
  assert.equal(asked.length, 0);
  vmd.live.set(vm.id, { machine, guest });
  await started;
  assert.equal(asked.length, 1);

  vmd.live.set(vm.id, { machine });
  const left = new AbortController();
  const leaving = execVm(vmd, { ...call, signal: left.signal }, 'web', NOTHING);
  left.abort();
  await assert.rejects(leaving, isAbort);
  const lost = execVm(vmd, call, 'web', NOTHING);
  await new Promise(setImmediate);
  vmd.live.delete(vm.id);
  await assert.rejects(
    lost,
    failsWith('GUEST_UNREACHABLE', /does not answer.*banger vm restart web/),
  );
});
