import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { assertAgreement, assertNothingLeft } from '../testing/agreement.ts';
import { openLab, vmId, wishOf } from '../testing/netd-lab.ts';
import { acquireLease } from './acquire-lease.ts';
import { attachLease } from './attach-lease.ts';
import { detachLease } from './detach-lease.ts';
import { isBridgeLease, type Lease, wiringOf } from './lease.ts';
import { releaseLease } from './release-lease.ts';

const VM = vmId(1);

test('a caller who leaves while waiting has changed nothing', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  const leaving = new AbortController();
  const impatient = callOf({ signal: leaving.signal });
  const first = attachLease(netd, call, VM);
  const second = attachLease(netd, impatient, VM);
  leaving.abort();
  await assert.rejects(second, { name: 'AbortError' });
  await first;
  await assertAgreement(netd, host);
});

test('a caller who leaves in the middle of attaching leaves nothing attached', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  const leaving = new AbortController();
  const attaching = attachLease(netd, callOf({ signal: leaving.signal }), VM);
  host.onNext('applyRules', () => leaving.abort());
  await assert.rejects(attaching, { name: 'AbortError' });
  assert.equal(host.rules.size, 0);
  await assertAgreement(netd, host);
});

test('200 VMs of 20 parallel callers never share an address, a tap or a MAC, and leave nothing', async (t) => {
  const { call, config, host, startNetd } = await openLab(t, { warmTaps: 8 });
  const { netd } = startNetd();
  const waiting = Array.from({ length: 200 }, (_, number) => number + 1);
  const seen: Lease[] = [];
  const caller = async () => {
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      await acquireLease(netd, call, wishOf(number));
      seen.push(await attachLease(netd, call, vmId(number)));
    }
  };
  await Promise.all(Array.from({ length: 20 }, caller));
  const bridged = seen.filter(isBridgeLease);
  assert.equal(new Set(bridged.map(({ address }) => address)).size, 200);
  assert.equal(new Set(bridged.map(({ tapIndex }) => tapIndex)).size, 200);
  assert.equal(new Set(bridged.map((lease) => wiringOf(lease, config.pool).mac)).size, 200);
  assert.equal(host.rules.size, 200);
  await assertAgreement(netd, host);
  const leaving = seen.map(({ vm }) => vm);
  const leaver = async () => {
    for (let vm = leaving.pop(); vm !== undefined; vm = leaving.pop()) {
      await releaseLease(netd, call, vm);
    }
  };
  await Promise.all(Array.from({ length: 20 }, leaver));
  await assertNothingLeft(netd, host);
});

test('VMs come and go in parallel without meeting each other', async (t) => {
  const { call, host, startNetd } = await openLab(t, { warmTaps: 4, pool: '172.30.0.0/27' });
  const { netd } = startNetd();
  const live = new Map<string, number>();
  const caller = async (_: unknown, first: number) => {
    for (let round = 0; round < 10; round++) {
      const number = 1 + first + round * 20;
      await acquireLease(netd, call, wishOf(number));
      const lease = await attachLease(netd, call, vmId(number));
      assert.ok(isBridgeLease(lease));
      const keys = [lease.address, `tap ${lease.tapIndex}`];
      for (const key of keys) assert.equal(live.get(key), undefined, `${key} is somebody else's`);
      for (const key of keys) live.set(key, number);
      await detachLease(netd, call, vmId(number));
      for (const key of keys) live.delete(key);
      await releaseLease(netd, call, vmId(number));
    }
  };
  await Promise.all(Array.from({ length: 20 }, caller));
  await assertNothingLeft(netd, host);
});
