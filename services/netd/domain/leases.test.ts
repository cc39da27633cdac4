import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reason } from '#kit/errors.ts';
import { parseVmName } from '#kit/names.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { assertAgreement, assertNothingLeft } from '../testing/agreement.ts';
import { openLab, vmId, wishOf } from '../testing/netd-lab.ts';
import { acquireLease } from './acquire-lease.ts';
import { attachLease } from './attach-lease.ts';
import { detachLease } from './detach-lease.ts';
import { wiringOf } from './lease.ts';
import { listLeases } from './list-leases.ts';
import { releaseLease } from './release-lease.ts';
import { setLease } from './set-lease.ts';

const VM = vmId(1);

test('a lease tells the guest its address, its gateway and the MAC that follows from the address', async (t) => {
  const { call, config, startNetd } = await openLab(t);
  const { netd } = startNetd();
  const lease = await acquireLease(netd, call, wishOf(1, { nat: true }));
  assert.deepEqual(wiringOf(lease, config.pool), {
    address: '172.30.0.2',
    prefixLength: 16,
    gateway: '172.30.0.1',
    resolver: '172.30.0.1',
    mac: '02:00:ac:1e:00:02',
    tap: 'bgtap-0',
  });
});

test('acquiring again gives the same lease, also when it comes at the same time', async (t) => {
  const { call, startNetd } = await openLab(t);
  const { netd } = startNetd();
  const leases = await Promise.all([1, 2, 3].map(() => acquireLease(netd, call, wishOf(1))));
  assert.deepEqual(leases[1], leases[0]);
  assert.deepEqual(leases[2], leases[0]);
  assert.equal((await listLeases(netd)).length, 1);
  assert.equal(netd.taps.used, 1);
});

test('a lease of another mode is refused, and the one there is stays', async (t) => {
  const { call, startNetd } = await openLab(t);
  const { netd } = startNetd();
  const lease = await acquireLease(netd, call, wishOf(1));
  await assert.rejects(
    () => acquireLease(netd, call, wishOf(1, { mode: 'user' })),
    failsWith('INVALID_FIELD', /has a lease of mode "bridge", not "user"; release it first$/),
  );
  assert.deepEqual(await listLeases(netd), [lease]);
});

test('attaching makes tap, rules and name; detaching takes rules and name and keeps the tap', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1, { nat: true }));
  assert.equal(netd.zone.findByName('vm-1'), undefined);
  assert.equal((await attachLease(netd, call, VM)).state, 'attached');
  assert.deepEqual(host.rules.get(VM), {
    vm: VM,
    tapIndex: 0,
    address: '172.30.0.2',
    mac: '02:00:ac:1e:00:02',
    nat: true,
    peers: false,
  });
  assert.equal(netd.zone.findByName('vm-1')?.address, '172.30.0.2');
  await detachLease(netd, call, VM);
  assert.equal(host.rules.size, 0);
  assert.equal(netd.zone.size, 0);
  assert.deepEqual([...host.taps.keys()], [0]);
});

test('stop and start give the same address, MAC, tap and rules', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1, { nat: true, peers: true }));
  const first = await attachLease(netd, call, VM);
  const rules = host.rules.get(VM);
  await detachLease(netd, call, VM);
  await acquireLease(netd, call, wishOf(2));
  assert.deepEqual(await attachLease(netd, call, VM), first);
  assert.deepEqual(host.rules.get(VM), rules);
});

test('attaching again repairs what somebody else removed', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  await attachLease(netd, call, VM);
  host.rules.clear();
  await attachLease(netd, call, VM);
  await assertAgreement(netd, host);
  assert.equal(host.rules.size, 1);
});

test('a failing repair does not cut off a guest that may be running', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  await attachLease(netd, call, VM);
  host.present = false;
  await assert.rejects(
    () => attachLease(netd, call, VM),
    failsWith('SERVICE_UNAVAILABLE', /rootd/),
  );
  host.present = true;
  await assertAgreement(netd, host);
  assert.equal(host.rules.size, 1);
});

test('changed terms hold at once while attached, and from the next start otherwise', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  await setLease(netd, call, VM, { nat: true });
  assert.equal(host.rules.size, 0);
  await attachLease(netd, call, VM);
  assert.equal(host.rules.get(VM)?.nat, true);
  await setLease(netd, call, VM, { nat: false, peers: true, name: parseVmName('web') });
  assert.deepEqual([host.rules.get(VM)?.nat, host.rules.get(VM)?.peers], [false, true]);
  assert.equal(netd.zone.findByName('vm-1'), undefined);
  assert.equal(netd.zone.findByName('web')?.vm, VM);
});

test('a new name alone asks nothing privileged', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  await attachLease(netd, call, VM);
  const before = host.asked.length;
  await setLease(netd, call, VM, { name: parseVmName('web') });
  assert.equal(host.asked.length, before);
});

test('releasing removes all, and afterwards releasing and detaching are fine', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  await attachLease(netd, call, VM);
  await releaseLease(netd, call, VM);
  await assertNothingLeft(netd, host);
  await releaseLease(netd, call, VM);
  await detachLease(netd, call, VM);
});

test('attaching or changing a VM without a lease says so', async (t) => {
  const { call, startNetd } = await openLab(t);
  const { netd } = startNetd();
  const refusal = failsWith('VM_NOT_FOUND', /^vm "0{15}1" has no network lease/);
  await assert.rejects(() => attachLease(netd, call, VM), refusal);
  await assert.rejects(() => setLease(netd, call, VM, { nat: true }), refusal);
});

test('an exhausted pool leaves no tap behind', async (t) => {
  const { call, startNetd } = await openLab(t, { pool: '172.30.0.0/30' });
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  const full: Reason = 'NO_FREE_ADDRESS';
  await assert.rejects(
    () => acquireLease(netd, call, wishOf(2)),
    failsWith(full, /^all 1 addresses/),
  );
  assert.equal(netd.taps.used, 1);
});
