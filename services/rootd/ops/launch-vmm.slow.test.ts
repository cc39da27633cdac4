import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { inOwnNamespaces, prepareNamespaces } from '#kit/testing/own-namespaces.ts';
import { until } from '#kit/testing/until.ts';
import { buildIdleVmm } from '../testing/hostile-lab.ts';
import { openKernel } from '../testing/kernel.ts';
import { tool } from '../testing/network-lab.ts';
import { GREETING, VMD_UID } from '../testing/vm-state.ts';
import { call, kill, launch, makeVmmLab, VM_ID } from '../testing/vmm-lab.ts';
import { viewProcess } from '../testing/vmm-view.ts';
import { findCgroupMount } from '../vmm/cgroup.ts';
import * as createTaps from './create-taps.ts';
import * as deleteTaps from './delete-taps.ts';
import * as ensureBridge from './ensure-bridge.ts';
import * as listTaps from './list-taps.ts';

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
    const { vmms, folder, state, runtime } = makeVmmLab(t);
    // Something to give up: groups, and mounts that are seen elsewhere, as they are on most hosts.
    process.setgroups?.([0, 100]);
    await tool('mount', '--make-rshared', '/');
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
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
      assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), mounts);
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
    const { vmms, folder } = makeVmmLab(t);
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
    const { vmms, folder } = makeVmmLab(t);
    await launch(vmms);
    const console = connect(join(folder, 'console.sock'));
    t.after(() => console.destroy());
    let heard = '';
    console.on('data', (chunk) => {
      heard += chunk.toString();
    });
    await until(() => heard.includes(GREETING));
  });

  test('with kvm the device is in the jail, for this vmm alone', async (t) => {
    if (!existsSync('/dev/kvm')) return t.skip('needs /dev/kvm');
    await prepareNamespaces();
    const { vmms } = makeVmmLab(t, { qemu: await buildIdleVmm() });
    const { pid, uid } = await launch(vmms, { accelerator: 'ACCELERATOR_KVM', tscKhz: 0 });
    assert.deepEqual(viewProcess(pid).root('dev'), ['kvm', 'null']);
    const node = lstatSync(`/proc/${pid}/root/dev/kvm`);
    assert.deepEqual(
      [node.rdev, node.uid, node.mode & 0o777],
      [lstatSync('/dev/kvm').rdev, uid, 0o600],
    );
  });

  test('a vmm gets its tap as a descriptor and holds it while it lives', async (t) => {
    await prepareNamespaces();
    const bridge = { bridge: 'br-banger', address: '172.30.0.1', prefixLength: 24 };
    const kernel = openKernel();
    await ensureBridge.run({ call, kernel }, ensureBridge.parse(bridge));
    await createTaps.run({ call }, createTaps.parse({ bridge: 'br-banger', indexes: [4] }));
    const { vmms } = makeVmmLab(t);
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
