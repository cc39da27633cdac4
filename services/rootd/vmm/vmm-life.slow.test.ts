import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { inOwnNamespaces, ownNumber } from '#kit/testing/own-namespaces.ts';
import { until } from '#kit/testing/until.ts';
import * as listVmms from '../ops/list-vmms.ts';
import { tool } from '../testing/network-lab.ts';
import { openTestVmms } from '../testing/vm-state.ts';
import {
  call,
  describe,
  launch,
  launchInput,
  makeVmmLab,
  reap,
  signal,
  VM_ID,
} from '../testing/vmm-lab.ts';
import { createTurns } from '../turns.ts';

inOwnNamespaces(import.meta.url, () => {
  test('a second launch gets the same vmm, also at the same time and after a restart of rootd', async (t) => {
    const lab = makeVmmLab(t);
    const turns = createTurns();
    const { vmId } = launchInput();
    const both = await Promise.all(
      [1, 2, 3].map(() => turns.vmm(call, vmId, () => launch(lab.vmms))),
    );
    assert.equal(new Set(both.map(({ pid }) => pid)).size, 1);
    const restarted = openTestVmms(lab, lab.vmms.settings);
    assert.deepEqual(await launch(restarted), both[0]);
    assert.deepEqual(await listVmms.run({ call, vmms: restarted }, {}), [both[0]]);
  });

  test('a vmm is signalled, described as gone, and reaped, which may be asked twice', async (t) => {
    const { vmms, runtime } = makeVmmLab(t);
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
    const { vmms, runtime } = makeVmmLab(t);
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
    const { vmms, runtime, folder } = makeVmmLab(t);
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

  test('a uid under which something else runs is passed over', async (t) => {
    const { uids } = await occupyUid(t);
    const { vmms } = makeVmmLab(t, { uids: { ...uids, count: 2 } });
    assert.equal((await launch(vmms)).uid, uids.base + 1);
  });

  test('where every uid has other processes, nothing is launched until one is free', async (t) => {
    const { uids, end } = await occupyUid(t);
    const { vmms } = makeVmmLab(t, { uids });
    await assert.rejects(
      launch(vmms),
      failsWith('HOST_NOT_READY', /other processes run under uids .* set rootd.uid_base/),
    );
    await end();
    assert.equal((await launch(vmms)).uid, uids.base);
  });
});

/** A process of somebody else's under the one uid that VMMs are to have. */
async function occupyUid(t: TestContext) {
  // Not the same one in every run: an earlier run's VMM may still wait to be collected by init.
  const uids = { base: 83_000 + (ownNumber() % 1000), count: 1 };
  const stranger = spawn('sleep', ['60'], { uid: uids.base, gid: uids.base });
  const ended = once(stranger, 'exit');
  t.after(() => stranger.kill());
  await once(stranger, 'spawn');
  return {
    uids,
    async end() {
      stranger.kill();
      await ended;
    },
  };
}
