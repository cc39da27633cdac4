import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { until } from '#kit/testing/until.ts';
import { createFakeVmd } from '../testing/fake-vmd.ts';
import { sampleMachine } from '../testing/sample-machine.ts';
import { sampleVm } from '../testing/sample-vm.ts';
import { exportVmWorkspace } from './export-vm-workspace.ts';
import type { GuestFile } from './guest.ts';
import { listVmWorkspace } from './list-vm-workspace.ts';
import { pauseVm } from './pause-vm.ts';
import { prepareVmWorkspace } from './prepare-vm-workspace.ts';
import { resumeVm } from './resume-vm.ts';

const PLACE = {
  guestPath: '/root/repo',
  hostPath: '/home/me/repo',
  headCommit: '',
  branch: 'main',
  mode: 'overlay' as const,
  readOnly: false,
};
const SETTLED = new Date(5000);
const silent = () => undefined;

function file(name: string, change: Partial<GuestFile> = {}): GuestFile {
  return {
    name: Buffer.from(name),
    kind: 'file',
    mode: 0o100644,
    sizeBytes: 1,
    target: Buffer.alloc(0),
    changedAt: SETTLED,
    wholeSecond: true,
    ...change,
  };
}

type Folders = Readonly<Record<string, Iterable<GuestFile>>>;
const PREPARED: Folders = { '/root/repo/.git': [file('HEAD'), file('banger-prepared')] };

/** A running VM whose guest has these folders. */
async function vmWith(t: TestContext, folders: Folders) {
  const { vmd, driver, call } = createFakeVmd(t);
  const guest = await vmd.guests.connect(call, '/vms/x/guest.sock');
  const vm = sampleVm({ state: 'running' });
  const unpacked: Uint8Array[] = [];
  await vmd.store.insert(vm);
  const machine = await driver.launch(call, sampleMachine({ vmId: vm.id }));
  vmd.live.set(vm.id, {
    machine,
    guest: {
      ...guest,
      async unpack(_call, _request, tar) {
        for await (const chunk of tar) unpacked.push(chunk);
        return { entries: unpacked.length, sizeBytes: 0 };
      },
      async *list(_call, folder) {
        yield* folders[folder.toString()] ?? [];
      },
      async *listTree(_call, folder) {
        yield* folders[folder.toString()] ?? [];
      },
      async *packFiles(_call, folder, paths) {
        yield Buffer.from(`${folder}: ${paths.join(' ')}`);
      },
    },
  });
  const prepare = (tar: AsyncIterable<Uint8Array> = chunks('tar')) =>
    prepareVmWorkspace(vmd, call, { vm: 'web', workspace: PLACE }, tar, silent);
  const list = async () => (await Array.fromAsync(listVmWorkspace(vmd, call, 'web'))).flat();
  return { vmd, call, vm, unpacked, prepare, list };
}

async function* chunks(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text);
}

test('what was prepared is recorded, with the time by the guest at which it was whole', async (t) => {
  const { vmd, vm, prepare, unpacked } = await vmWith(t, PREPARED);
  await prepare();
  assert.deepEqual((await vmd.store.find(vm.id))?.workspace, {
    ...PLACE,
    settledAt: SETTLED,
    preparedAt: vmd.host.now(),
  });
  assert.equal(String(unpacked), 'tar');
});

test('an archive that stalls keeps nobody from the vm', async (t) => {
  const { vmd, call, vm, prepare, unpacked } = await vmWith(t, PREPARED);
  const rest = Promise.withResolvers<void>();
  async function* stalling() {
    yield Buffer.from('half');
    await rest.promise;
  }
  const preparing = prepare(stalling());
  await until(() => unpacked.length === 1);
  assert.equal((await pauseVm(vmd, call, vm.id)).state, 'paused');
  await resumeVm(vmd, call, vm.id);
  rest.resolve();
  await preparing;
});

test('an archive without its last file leaves no workspace', async (t) => {
  const { vmd, vm, prepare } = await vmWith(t, { '/root/repo/.git': [file('HEAD')] });
  await assert.rejects(prepare(), failsWith('INVALID_FIELD', /banger-prepared/));
  assert.equal((await vmd.store.find(vm.id))?.workspace, undefined);
});

test('a file is untouched only while both its times say so', async (t) => {
  const { prepare, list } = await vmWith(t, {
    ...PREPARED,
    '/root/repo': [
      file('.git', { kind: 'folder' }),
      file('same'),
      file('moved', { changedAt: new Date(5001) }),
      file('written-with-the-clock-set-back', { changedAt: new Date(1), wholeSecond: false }),
      file('pipe', { kind: 'other' }),
      file('src', { kind: 'folder' }),
      file('src/link', { kind: 'link', target: Buffer.from('/etc') }),
    ],
  });
  await prepare();
  const found = (await list()).map(({ path, untouched }) => [path.toString(), untouched]);
  assert.deepEqual(found, [
    ['same', true],
    ['moved', false],
    ['written-with-the-clock-set-back', false],
    ['src/link', true],
  ]);
});

for (const name of ['..', '.', '', '/etc/passwd', 'a/../../b', 'a//b', 'a/', 'a\0b']) {
  test(`a guest that lists ${JSON.stringify(name)} is refused`, async (t) => {
    const { prepare, list } = await vmWith(t, { ...PREPARED, '/root/repo': [file(name)] });
    await prepare();
    await assert.rejects(list(), failsWith('OPERATION_REFUSED', /impossible name/));
  });
}

/** What a guest lists that is out for harm, and as what it is refused. */
const ENDLESS: readonly [string, (at: number) => GuestFile, RegExp][] = [
  [
    'folders ever deeper',
    (at) => file(`${'d/'.repeat(at)}d`, { kind: 'folder' }),
    /more than 255 deep/,
  ],
  ['two million files', (at) => file(`f${at}`), /more than 500000 files/],
  ['folders without end', (at) => file(`d${at}`, { kind: 'folder' }), /more than 500000 files/],
  [
    'links as long as they can be',
    (at) => file(`l${at}`, { kind: 'link', target: Buffer.alloc(4096, 'x') }),
    /names of more than 256 MiB/,
  ],
  ['a path that no kernel takes', () => file('p'.repeat(4097)), /paths of more than 4096 bytes/],
];

for (const [what, make, why] of ENDLESS) {
  test(`a guest that lists ${what} is refused`, async (t) => {
    let asked = 0;
    function* flood() {
      while (asked < 2_000_000) yield make(asked++);
    }
    const { prepare, vmd, call } = await vmWith(t, { ...PREPARED, '/root/repo': flood() });
    await prepare();
    const listed = Array.fromAsync(listVmWorkspace(vmd, call, 'web'), ({ length }) => length);
    await assert.rejects(listed, failsWith('OPERATION_REFUSED', why));
    assert.ok(asked <= 500_001, 'the guest is not heard to its end');
  });
}

test('files are exported from the recorded folder, and without one nothing is', async (t) => {
  const { vmd, call, prepare, list } = await vmWith(t, PREPARED);
  await assert.rejects(list(), failsWith('INVALID_FIELD', /vm workspace prepare web/));
  await prepare();
  const tar = await Array.fromAsync(exportVmWorkspace(vmd, call, 'web', [Buffer.from('a')]));
  assert.equal(String(tar), '/root/repo: a');
});
