import assert from 'node:assert/strict';
import { callOf } from '#kit/testing/call-of.ts';
import { findDisagreements } from '../domain/disagreement.ts';
import { hasName } from '../domain/dns-zone.ts';
import type { Netd } from '../domain/ports.ts';
import { observe } from '../domain/reconcile.ts';
import type { FakeHost } from './fake-host.ts';

/** Kernel, records and names say the same, said three ways: by the domain's own eye, and by ours. */
export async function assertAgreement(netd: Netd, host: FakeHost): Promise<void> {
  const observation = await observe(netd, callOf());
  assert.deepEqual(findDisagreements(netd, observation), []);
  const live = observation.leases.filter(hasName);
  assert.deepEqual([...host.rules.keys()].sort(), live.map(({ vm }) => vm).sort());
  assert.equal(netd.zone.size, live.length);
  for (const { name, address } of live) {
    assert.equal(netd.zone.findByName(name)?.address, address);
  }
  for (const index of host.taps.keys()) assert.ok(netd.taps.knows(index), `tap ${index} is lost`);
  const halfway = observation.leases.filter(({ state }) => state === 'detaching');
  assert.deepEqual(halfway, []);
}

/** Nothing of any VM is left, on disk, in the kernel or in memory. */
export async function assertNothingLeft(netd: Netd, host: FakeHost): Promise<void> {
  assert.deepEqual(await netd.store.list(), []);
  assert.equal(host.rules.size, 0);
  assert.equal(netd.taps.used, 0);
  assert.equal(netd.zone.size, 0);
  await assertAgreement(netd, host);
}
