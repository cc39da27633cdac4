import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { until } from '#kit/testing/until.ts';
import { prepareHost, tool } from '../testing/network-lab.ts';
import { inOwnNamespaces } from '../testing/own-namespaces.ts';
import {
  GREETING,
  IMAGE_ID,
  KERNEL_ID,
  makeState,
  openTestVmms,
  VMD_UID,
  type VmState,
} from '../testing/vm-state.ts';
import { viewProcess } from '../testing/vmm-view.ts';
import { createTurns } from '../turns.ts';
import { findCgroupMount } from '../vmm/cgroup.ts';
import type { VmmSettings, Vmms } from '../vmm/vmms.ts';
import * as createTaps from './create-taps.ts';
import * as deleteTaps from './delete-taps.ts';
import * as describeVmm from './describe-vmm.ts';
import * as ensureBridge from './ensure-bridge.ts';
import * as launchVmm from './launch-vmm.ts';
import * as listTaps from './list-taps.ts';
import * as listVmms from './list-vmms.ts';
import * as reapVmm from './reap-vmm.ts';
import * as signalVmm from './signal-vmm.ts';

const VM_ID = 'aaaaaaaaaaaaaaaa';
const call = callOf();

type Lab = VmState & { vmms: Vmms; folder: string };

/** A state with one VM, and at the end no VMM, record or control group of it. */
function makeLab(t: TestContext, given: Partial<VmmSettings> = {}): Lab {
  // Before the state is made, because what is registered first is done first, and records are in the state.
  t.after(() => end(vmms));
  const state = makeState(t, [VM_ID]);
  const vmms = openTestVmms(state, given);
  return { ...state, vmms, folder: state.folders[0] ?? '' };
}

async function end(vmms: Vmms): Promise<void> {
  await kill(vmms);
  await reap(vmms);
  const mount = findCgroupMount();
  if (mount !== undefined) rmdirSync(join(mount, vmms.settings.cgroup));
}

function request(given: Partial<Parameters<typeof launchVmm.parse>[0]> = {}) {
  return launchVmm.parse({
    vmId: VM_ID,
    imageId: IMAGE_ID,
    kernelId: KERNEL_ID,
    vcpus: 1,
    memoryMib: 64,
    accelerator: 'ACCELERATOR_TCG',
    tscKhz: 2_600_000,
    mac: '',
    consoleVerbose: false,
    ...given,
  });
}

const launch = (vmms: Vmms, given = {}) => launchVmm.run({ call, vmms }, request(given));
const describe = (vmms: Vmms) =>
  describeVmm.run({ call, vmms }, describeVmm.parse({ vmId: VM_ID }));
const signal = (vmms: Vmms, name: string) =>
  signalVmm.run({ call, vmms }, signalVmm.parse({ vmId: VM_ID, signal: name }));
const reap = (vmms: Vmms) => reapVmm.run({ call, vmms }, reapVmm.parse({ vmId: VM_ID }));

async function kill(vmms: Vmms): Promise<void> {
  if ((await describe(vmms)) === undefined) return;
  await signal(vmms, 'VMM_SIGNAL_KILL');
  await until(async () => (await describe(vmms)) === undefined);
}

/** Connects as some user would, and says what came of it. */
async function connectAs(uid: number, path: string): Promise<string> {
  const program = `require('net').connect(${JSON.stringify(path)}, () => done('connected')).on('error', (e) => done(e.code));
    function done(text) { console.log(text); process.exit(); }`;
  const child = spawn(process.execPath, ['-e', program], { uid, gid: uid, stdio: 'pipe' });
  const [text] = await once(child.stdout, 'data');
  return String(text).trim();
}

inOwnNamespaces(import.meta.url, () => {
  test('a launched vmm has a system call filter and nothing but what it was given', async (t) => {
    const { vmms, folder, state, runtime } = makeLab(t);
    const vmm = await launch(vmms);
    await until(() => viewProcess(vmm.pid).field('Seccomp')[0] === '2');
    const seen = viewProcess(vmm.pid);
    await t.test('a user of its own, and no way to become another', () => {
      const uid = String(vmm.uid);
      assert.deepEqual(seen.field('Uid'), [uid, uid, uid, uid]);
      assert.deepEqual(seen.field('Gid'), [uid, uid, uid, uid]);
      assert.deepEqual(seen.field('Groups'), ['']);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        assert.deepEqual(seen.field(set), ['0000000000000000'], set);
      }
      assert.deepEqual(seen.field('NoNewPrivs'), ['1']);
      assert.deepEqual(seen.field('Umask'), ['0077']);
    });
    await t.test('limits', () => {
      assert.equal(seen.limit('Max file size'), String(vmms.settings.largestFile));
      assert.equal(seen.limit('Max core file size'), '0');
      assert.equal(seen.limit('Max processes'), '97');
      assert.equal(seen.limit('Max open files'), '512');
    });
    await t.test('a root with its kernel, its initrd and read-only system folders', () => {
      assert.deepEqual(
        seen.root().filter((name) => !name.startsWith('lib')),
        ['dev', 'etc', 'initrd', 'usr', 'vmlinux'],
      );
      assert.deepEqual(seen.root('dev'), ['null']);
      for (const mount of seen.mounts) assert.match(mount, / ro,nosuid/);
    });
    await t.test("no network, and no namespace of the host's that it could use", () => {
      assert.deepEqual(seen.devices, ['lo']);
      for (const name of ['mnt', 'net', 'ipc']) {
        assert.notEqual(seen.namespace(name), viewProcess(process.pid).namespace(name));
      }
    });
    await t.test('descriptors of its own files only', () => {
      const allowed = [
        folder,
        '/memfd:',
        join(state, 'imaged'),
        join(runtime, 'vmms', VM_ID),
        '/dev/null',
      ];
      const files = seen.descriptors.filter((target) => target.startsWith('/'));
      for (const file of files)
        assert.ok(
          allowed.some((own) => file.startsWith(own)),
          file,
        );
    });
    await t.test('nothing of the environment', () => assert.equal(seen.environment, 'LC_ALL=C\0'));
    await t.test('a control group of its own, where the host has them', () => {
      if (findCgroupMount() === undefined) return;
      assert.match(seen.cgroup, new RegExp(`^0::.*/${vmms.settings.cgroup}/${VM_ID}$`, 'm'));
    });
  });

  test('the sockets listen when the launch answers, for the owner of the folder alone', async (t) => {
    const { vmms, folder } = makeLab(t);
    await launch(vmms);
    for (const name of ['qmp', 'guest', 'console']) {
      const path = join(folder, `${name}.sock`);
      const { uid, mode } = lstatSync(path);
      assert.deepEqual([uid, mode & 0o777], [VMD_UID, 0o600]);
    }
    assert.equal(await connectAs(VMD_UID, join(folder, 'guest.sock')), 'connected');
    assert.equal(await connectAs(VMD_UID + 5, join(folder, 'guest.sock')), 'EACCES');
  });

  test('the guest boots and is heard on the console', async (t) => {
    const { vmms, folder } = makeLab(t);
    await launch(vmms);
    const console = connect(join(folder, 'console.sock'));
    t.after(() => console.destroy());
    let heard = '';
    console.on('data', (chunk) => {
      heard += chunk.toString();
    });
    await until(() => heard.includes(GREETING));
  });

  test('a second launch gets the same vmm, also at the same time and after a restart of rootd', async (t) => {
    const lab = makeLab(t);
    const turns = createTurns();
    const { vmId } = request();
    const both = await Promise.all(
      [1, 2, 3].map(() => turns.vmm(call, vmId, () => launch(lab.vmms))),
    );
    assert.equal(new Set(both.map(({ pid }) => pid)).size, 1);
    const restarted = openTestVmms(lab, lab.vmms.settings);
    assert.deepEqual(await launch(restarted), both[0]);
    assert.deepEqual(await listVmms.run({ call, vmms: restarted }, {}), [both[0]]);
  });

  test('a vmm is signalled, described as gone, and reaped, which may be asked twice', async (t) => {
    const { vmms, runtime } = makeLab(t);
    await launch(vmms);
    await assert.rejects(reap(vmms), failsWith('VM_RUNNING', /stop it first/));
    await signal(vmms, 'VMM_SIGNAL_TERM');
    await until(async () => (await describe(vmms)) === undefined);
    await assert.rejects(signal(vmms, 'VMM_SIGNAL_KILL'), failsWith('VM_NOT_RUNNING', /no VMM/));
    await reap(vmms);
    await reap(vmms);
    assert.equal(lstatSync(join(runtime, 'vmms', VM_ID), { throwIfNoEntry: false }), undefined);
    assert.notEqual(await launch(vmms), undefined);
  });

  test('a process that only looks like the vmm is left alone', async (t) => {
    const { vmms, runtime } = makeLab(t);
    const vmm = await launch(vmms);
    const path = join(runtime, 'vmms', VM_ID);
    const record = readFileSync(path, 'utf8');
    const stranger = spawn('sleep', ['60'], { uid: vmm.uid, gid: vmm.uid });
    t.after(() => stranger.kill());
    await once(stranger, 'spawn');
    const lies = [
      record.replace(`"pid":${vmm.pid}`, `"pid":${stranger.pid}`),
      record.replace(`"startTicks":${vmm.startTicks}`, `"startTicks":${vmm.startTicks + 1}`),
      record.replace(`"uid":${vmm.uid}`, `"uid":${vmm.uid + 1}`),
      record.replace(/"mountNamespace":\d+/, '"mountNamespace":1'),
      '',
      'nonsense',
    ];
    for (const lie of lies) {
      writeFileSync(path, lie);
      assert.equal(await describe(vmms), undefined, lie);
      await assert.rejects(signal(vmms, 'VMM_SIGNAL_KILL'), failsWith('VM_NOT_RUNNING', /no VMM/));
      // Its lock still tells that it lives, so nobody takes its place or clears up behind it.
      await assert.rejects(launch(vmms), failsWith('VM_RUNNING', /just being started/));
      await assert.rejects(reap(vmms), failsWith('VM_RUNNING', /stop it first/));
    }
    writeFileSync(path, record);
    assert.deepEqual(await describe(vmms), vmm);
    assert.equal(stranger.exitCode, null);
  });

  test('a launch that fails leaves nothing behind', async (t) => {
    const { vmms, runtime, folder } = makeLab(t);
    const nothing = () => {
      const record = join(runtime, 'vmms', VM_ID);
      assert.equal(lstatSync(record, { throwIfNoEntry: false }), undefined);
      assert.equal(
        lstatSync(join(runtime, 'reports', VM_ID), { throwIfNoEntry: false }),
        undefined,
      );
    };
    const network = { tapIndex: 9, mac: '02:00:00:00:00:09' };
    await assert.rejects(launch(vmms, network), failsWith('COMMAND_FAILED', /no tap bgtap-9/));
    assert.doesNotMatch(await tool('ip', 'link'), /bgtap/);
    nothing();
    const large = openTestVmms(
      { base: '', state: join(folder, '../../..'), runtime, folders: [] },
      { largestFile: 1000 },
    );
    await assert.rejects(launch(large), failsWith('INVALID_SIZE', /largest_file/));
    nothing();
    rmSync(join(folder, 'initrd'));
    await assert.rejects(launch(vmms), failsWith('HOST_NOT_READY', /initrd" does not exist/));
    nothing();
  });

  test('a uid under which something else runs is not used', async (t) => {
    // Not the same one in every run: an earlier run's VMM may still wait to be collected by init.
    const uids = { base: 83_000 + (process.pid % 1000), count: 1 };
    const { vmms } = makeLab(t, { uids });
    const stranger = spawn('sleep', ['60'], { uid: uids.base, gid: uids.base });
    t.after(() => stranger.kill());
    await once(stranger, 'spawn');
    await assert.rejects(launch(vmms), failsWith('COMMAND_FAILED', /another process has uid 83/));
    stranger.kill();
    await once(stranger, 'exit');
    assert.equal((await launch(vmms)).uid, uids.base);
  });

  test('a vmm gets its tap as a descriptor and holds it while it lives', async (t) => {
    await prepareHost();
    const bridge = { bridge: 'br-banger', address: '172.30.0.1', prefixLength: 24 };
    await ensureBridge.run({ call }, ensureBridge.parse(bridge));
    await createTaps.run({ call }, createTaps.parse({ bridge: 'br-banger', indexes: [4] }));
    const { vmms } = makeLab(t);
    const { pid } = await launch(vmms, { tapIndex: 4, mac: '02:00:ac:1e:00:04' });
    assert.ok(viewProcess(pid).descriptors.includes('/dev/net/tun'));
    const { taps } = await listTaps.run({ call }, {});
    assert.deepEqual(
      taps.map(({ index, inUse }) => [index, inUse]),
      [[4, true]],
    );
    const remove = () => deleteTaps.run({ call }, deleteTaps.parse({ indexes: [4] }));
    await assert.rejects(remove(), failsWith('OPERATION_REFUSED', /held by a running vm/));
    await kill(vmms);
    await remove();
    await remove();
  });
});
