import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOwnNamespaces, prepareNamespaces } from '#kit/testing/own-namespaces.ts';
import { until } from '#kit/testing/until.ts';
import { LaunchVmmResponse, ListTapsResponse, ListVmmsResponse } from '#proto/banger/v1/root.ts';
import { accepted, buildIdleVmm, endVmms, VM_ID } from './testing/hostile-lab.ts';
import { honestRequests } from './testing/hostile-values.ts';
import {
  type Caller,
  installBanger,
  NETD_UID,
  type Rootd,
  startCaller,
  startRootd,
} from './testing/rootd-process.ts';
import { makeState, VMD_UID } from './testing/vm-state.ts';
import { findProcess } from './vmm/process.ts';

const HONEST = honestRequests(VM_ID);
/** Moments at which rootd is killed, counted from the request; a launch takes some 20 to 60 ms. */
const MOMENTS_MS = [0, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, 60];

inOwnNamespaces(import.meta.url, () => {
  const running = new AsyncDisposableStack();
  let state = '';
  let rootd: Rootd;

  before(async () => {
    await prepareNamespaces();
    ({ state } = makeState({ after: (end) => running.defer(() => void end()) }, [VM_ID]));
    await installBanger(await buildIdleVmm());
    rootd = await startRootd(state);
    running.defer(async () => {
      const vmd = startCaller(VMD_UID);
      await endVmms(vmd);
      vmd.stop();
      await rootd.stop();
    });
  });
  after(() => running.disposeAsync());

  /** Asks, kills rootd a moment later, and starts it again. */
  async function killDuring(
    uid: number,
    momentMs: number,
    ask: (caller: Caller) => Promise<unknown>,
  ) {
    const caller = startCaller(uid);
    // So that its connection stands, and the moment is counted from the request.
    await caller.call(uid === VMD_UID ? 'listVmms' : 'listTaps', {});
    const asked = ask(caller);
    await sleep(momentMs);
    await rootd.kill();
    await asked;
    caller.stop();
    rootd = await startRootd(state);
    return startCaller(uid);
  }

  for (const momentMs of MOMENTS_MS) {
    test(`rootd killed ${momentMs} ms into a launch leaves one vmm or none`, async (t) => {
      const vmd = await killDuring(VMD_UID, momentMs, (caller) =>
        caller.call('launchVmm', HONEST.launchVmm),
      );
      t.after(() => vmd.stop());
      let answer = await vmd.call('launchVmm', HONEST.launchVmm);
      // The launch that lost its rootd is still on its way.
      while (answer.reason === 'VM_RUNNING') answer = await vmd.call('launchVmm', HONEST.launchVmm);
      const { vmm } = LaunchVmmResponse.decode(accepted(answer));
      assert.deepEqual(vmmPids(), [vmm?.pid]);
      const listed = ListVmmsResponse.decode(accepted(await vmd.call('listVmms', {})));
      assert.deepEqual(listed.vmms, [vmm]);
      await endVmms(vmd);
      assert.deepEqual(readdirSync('/run/banger-root/vmms'), []);
    });

    test(`rootd killed ${momentMs} ms into making taps can finish and remove them`, async (t) => {
      const indexes = Array.from({ length: 64 }, (_, index) => index);
      const request = { bridge: 'br-banger', indexes };
      const netd = await killDuring(NETD_UID, momentMs, async (caller) => {
        await caller.call('ensureBridge', HONEST.ensureBridge);
        await caller.call('createTaps', request);
      });
      t.after(() => netd.stop());
      accepted(await netd.call('ensureBridge', HONEST.ensureBridge));
      // A tool that outlived its rootd may still be making some of them.
      await until(async () => (await netd.call('createTaps', request)).reason === undefined);
      const { taps } = ListTapsResponse.decode(accepted(await netd.call('listTaps', {})));
      assert.deepEqual(
        taps.map(({ index, up, attached }) => [index, up && attached]),
        indexes.map((index) => [index, true]),
      );
      accepted(await netd.call('deleteTaps', { indexes }));
      accepted(await netd.call('clearBridge', { bridge: 'br-banger' }));
      const rest = ListTapsResponse.decode(accepted(await netd.call('listTaps', {})));
      assert.deepEqual(rest, { taps: [], bridges: [] });
    });
  }
});

/** Processes of the uids that this configuration gives to VMMs, whatever any record says. */
function vmmPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => findProcess(Number(name)))
    .filter((process) => process?.uids.every((uid) => uid >= 80_000 && uid < 84_096))
    .map((process) => process?.pid ?? 0);
}
