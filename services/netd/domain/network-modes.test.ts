import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { openLab, vmId, wishOf } from '../testing/netd-lab.ts';
import { acquireLease } from './acquire-lease.ts';
import { attachLease } from './attach-lease.ts';
import { detachLease } from './detach-lease.ts';
import { type Lease, wiringOf } from './lease.ts';
import { listLeases } from './list-leases.ts';
import { tryBridge } from './open-bridge.ts';
import { releaseLease } from './release-lease.ts';
import { setLease } from './set-lease.ts';

const VM = vmId(1);

test('what a mode cannot do is refused before anything is recorded', async (t) => {
  const { call, startNetd } = await openLab(t);
  const { netd } = startNetd();
  const impossible = [
    { mode: 'user', peers: true },
    { mode: 'none', peers: true },
    { mode: 'none', nat: true },
  ] as const;
  for (const terms of impossible) {
    await assert.rejects(
      () => acquireLease(netd, call, wishOf(1, terms)),
      failsWith('FEATURE_UNSUPPORTED', /use mode /),
    );
  }
  await acquireLease(netd, call, wishOf(1, { mode: 'user' }));
  await assert.rejects(
    () => setLease(netd, call, VM, { peers: true }),
    failsWith('FEATURE_UNSUPPORTED', /cannot reach each other/),
  );
  assert.equal((await listLeases(netd))[0]?.peers, false);
});

test('user mode has the addresses of the VMM and asks nothing privileged, ever', async (t) => {
  const { call, host, config, startNetd } = await openLab(t);
  const { netd } = startNetd();
  for (const [number, mode] of [[1, 'user'] as const, [2, 'none'] as const]) {
    await acquireLease(netd, call, wishOf(number, { mode }));
    await attachLease(netd, call, vmId(number));
    await detachLease(netd, call, vmId(number));
    await attachLease(netd, call, vmId(number));
  }
  const [user, none] = await listLeases(netd);
  assert.deepEqual(wiringOf(user as Lease, config.pool), {
    address: '10.0.2.15',
    prefixLength: 24,
    gateway: '10.0.2.2',
    resolver: '10.0.2.3',
    mac: '02:00:0a:00:02:0f',
    tap: '',
  });
  assert.equal(wiringOf(none as Lease, config.pool).address, '');
  await setLease(netd, call, VM, { nat: true });
  await releaseLease(netd, call, VM);
  await releaseLease(netd, call, vmId(2));
  assert.deepEqual(host.asked, []);
});

test('without rootd the bridge is refused with the command that starts it', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  host.present = false;
  const { netd } = startNetd();
  await assert.rejects(
    () => acquireLease(netd, call, wishOf(1)),
    failsWith(
      'FEATURE_UNSUPPORTED',
      /rootd does not run; start it with: banger daemon start --bridge$/,
    ),
  );
  assert.deepEqual([host.asked, await listLeases(netd)], [[], []]);
});

test('rootd may come after netd', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  host.present = false;
  const { netd } = startNetd();
  assert.equal(await tryBridge(netd), false);
  host.present = true;
  assert.equal((await acquireLease(netd, call, wishOf(1))).mode, 'bridge');
});

test('a lease that is there is given out although rootd is away', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const lease = await acquireLease(startNetd().netd, call, wishOf(1));
  host.present = false;
  assert.deepEqual(await acquireLease(startNetd().netd, call, wishOf(1)), lease);
});
