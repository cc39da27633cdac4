import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Call } from '#kit/call.ts';
import { assertAgreement, assertNothingLeft } from '../testing/agreement.ts';
import { failAt, interruptible, killAt } from '../testing/interrupt.ts';
import { type Lab, openLab, vmId, wishOf } from '../testing/netd-lab.ts';
import { acquireLease } from './acquire-lease.ts';
import { attachLease } from './attach-lease.ts';
import { closeBridge } from './close-bridge.ts';
import { detachLease } from './detach-lease.ts';
import { isBridgeLease } from './lease.ts';
import { requireBridge, tryBridge } from './open-bridge.ts';
import { patrol } from './patrol.ts';
import type { Netd } from './ports.ts';
import { releaseLease } from './release-lease.ts';
import { setLease } from './set-lease.ts';

type Verb = (netd: Netd, call: Call) => Promise<unknown>;

/** Every verb, on VMs that come, change and go. Each can be repeated, so the whole story can. */
const STORY: readonly Verb[] = [
  requireBridge,
  (netd, call) => acquireLease(netd, call, wishOf(1, { nat: true })),
  (netd, call) => attachLease(netd, call, vmId(1)),
  (netd, call) => acquireLease(netd, call, wishOf(2)),
  (netd, call) => attachLease(netd, call, vmId(2)),
  (netd, call) => setLease(netd, call, vmId(1), { nat: false, peers: true }),
  (netd, call) => detachLease(netd, call, vmId(2)),
  (netd, call) => acquireLease(netd, call, wishOf(3, { mode: 'user' })),
  (netd, call) => attachLease(netd, call, vmId(3)),
  (netd, call) => releaseLease(netd, call, vmId(1)),
  (netd, call) => attachLease(netd, call, vmId(2)),
  (netd, call) => detachLease(netd, call, vmId(3)),
  patrol,
];

async function tell(netd: Netd, call: Call): Promise<'told'> {
  for (const verb of STORY) await verb(netd, call);
  return 'told';
}

async function releaseAll(netd: Netd, call: Call): Promise<void> {
  for (const number of [1, 2, 3]) await releaseLease(netd, call, vmId(number));
}

/** Tells the story until a kill at this step ends it. Answers false when there is no such step any more. */
async function tellUntilKilled(lab: Lab, step: number, when: 'before' | 'after'): Promise<boolean> {
  const { fate, killed } = killAt(step, when);
  const { netd } = lab.startNetd(
    interruptible({ host: lab.host, store: lab.storeOfBoot('boot-1') }, fate),
  );
  return (await Promise.race([tell(netd, lab.call), killed])) === 'killed';
}

async function attachedVms(lab: Lab): Promise<string[]> {
  const leases = await lab.storeOfBoot('boot-1').list();
  return leases
    .filter((lease) => isBridgeLease(lease) && lease.state === 'attached')
    .map(({ vm }) => vm);
}

for (const when of ['before', 'after'] as const) {
  test(`killed ${when} any step, netd starts again into agreement and keeps what lives`, async (t) => {
    let step = 1;
    for (; await survivesKill(t, step, when); step++);
    assert.ok(step > 30, `the story has only ${step} steps`);
  });

  test(`a step that fails ${when} its effect leaves nothing half done`, async (t) => {
    let step = 1;
    for (; await survivesFailure(t, step, when); step++);
    assert.ok(step > 30, `the story has only ${step} steps`);
  });
}

async function survivesKill(t: TestContext, step: number, when: 'before' | 'after') {
  const lab = await openLab(t, { warmTaps: 2 });
  const wasKilled = await tellUntilKilled(lab, step, when);
  const alive = await attachedVms(lab);
  const { netd } = lab.startNetd();
  assert.ok(await tryBridge(netd), netd.bridge.reason);
  assert.deepEqual(await attachedVms(lab), alive, `step ${step}: what was attached still is`);
  await assertAgreement(netd, lab.host);
  await tell(netd, lab.call);
  await assertAgreement(netd, lab.host);
  await releaseAll(netd, lab.call);
  await assertNothingLeft(netd, lab.host);
  return wasKilled;
}

async function survivesFailure(t: TestContext, step: number, when: 'before' | 'after') {
  const lab = await openLab(t);
  const { fate, happened, disarm } = failAt(step, when);
  const ports = interruptible({ host: lab.host, store: lab.storeOfBoot('boot-1') }, fate);
  const { netd } = lab.startNetd(ports);
  for (const verb of STORY) {
    const before = happened();
    try {
      await verb(netd, lab.call);
    } catch (error) {
      assert.ok(happened() && !before, `an error that nobody made: ${String(error)}`);
      await verb(netd, lab.call);
    }
  }
  disarm();
  await assertAgreement(netd, lab.host);
  await releaseAll(netd, lab.call);
  await assertNothingLeft(netd, lab.host);
  return happened();
}

test('an attach that fails leaves no rules, no name and a record that says so', async (t) => {
  for (const when of ['before', 'after'] as const) {
    const lab = await openLab(t);
    const { host, call } = lab;
    const first = lab.startNetd().netd;
    await acquireLease(first, call, wishOf(1));
    let armed = false;
    const ports = interruptible({ host, store: lab.storeOfBoot('boot-1') }, async (name, run) => {
      if (!armed || name !== 'applyRules') return run();
      armed = false;
      if (when === 'after') await run();
      throw new Error('the kernel would not');
    });
    const { netd } = lab.startNetd(ports);
    await tryBridge(netd);
    armed = true;
    await assert.rejects(() => attachLease(netd, call, vmId(1)), /^Error: the kernel would not$/);
    assert.equal(host.rules.size, 0);
    assert.equal((await netd.store.find(vmId(1)))?.state, 'detached');
    await assertAgreement(netd, host);
  }
});

test('a change that fails leaves the old terms, on disk and in the kernel', async (t) => {
  const lab = await openLab(t);
  const { host, call } = lab;
  let armed = false;
  const ports = interruptible({ host, store: lab.storeOfBoot('boot-1') }, async (name, run) => {
    if (!armed || name !== 'applyRules') return run();
    armed = false;
    await run();
    throw new Error('the answer was lost');
  });
  const { netd } = lab.startNetd(ports);
  await acquireLease(netd, call, wishOf(1));
  const before = await attachLease(netd, call, vmId(1));
  armed = true;
  await assert.rejects(() => setLease(netd, call, vmId(1), { nat: true }), /the answer was lost/);
  assert.deepEqual(await netd.store.find(vmId(1)), before);
  assert.equal(host.rules.get(vmId(1))?.nat, false);
  await assertAgreement(netd, host);
});

test('a detach that rootd cannot finish is finished by the next round', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  await attachLease(netd, call, vmId(1));
  host.present = false;
  await assert.rejects(() => detachLease(netd, call, vmId(1)), /rootd cannot be reached/);
  assert.equal(netd.zone.size, 0);
  host.present = true;
  await patrol(netd);
  await assertAgreement(netd, host);
  assert.equal(host.rules.size, 0);
});

test('after a reboot nothing is attached, and VMs can go even without rootd', async (t) => {
  const lab = await openLab(t);
  const { netd } = lab.startNetd();
  await acquireLease(netd, lab.call, wishOf(1));
  await attachLease(netd, lab.call, vmId(1));
  lab.host.rules.clear();
  lab.host.taps.clear();
  lab.host.bridges.clear();
  lab.host.present = false;
  const next = lab.startNetd({}, 'boot-2').netd;
  await releaseLease(next, lab.call, vmId(1));
  assert.deepEqual(await next.store.list(), []);
});

test('a service that ends leaves a host without guests as it was', async (t) => {
  const { call, host, startNetd } = await openLab(t, { warmTaps: 4 });
  host.resolverRuns = true;
  const { netd, dns } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  await attachLease(netd, call, vmId(1));
  await detachLease(netd, call, vmId(1));
  assert.deepEqual([host.resolverPort, dns.listening], [42_069, true]);
  await closeBridge(netd);
  assert.deepEqual([host.taps.size, host.rules.size, host.bridges.size], [0, 0, 0]);
  assert.deepEqual([host.resolverPort, dns.listening], [undefined, false]);
});

test('a service that ends leaves running guests their bridge, taps and rules', async (t) => {
  const { call, host, startNetd } = await openLab(t, { warmTaps: 4 });
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  await acquireLease(netd, call, wishOf(2));
  await attachLease(netd, call, vmId(1));
  await attachLease(netd, call, vmId(2));
  host.setTap(0, { inUse: true });
  await detachLease(netd, call, vmId(2));
  await closeBridge(netd);
  assert.deepEqual([...host.taps.keys()], [0]);
  assert.deepEqual([...host.rules.keys()], [vmId(1)]);
  assert.equal(host.bridges.size, 1);
  await assert.rejects(() => attachLease(netd, call, vmId(2)), /netd is stopping/);
});
