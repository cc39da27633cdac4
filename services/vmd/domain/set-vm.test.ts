import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeVmd } from '../testing/fake-vmd.ts';
import { sampleVm } from '../testing/sample-vm.ts';
import { setVm } from './set-vm.ts';
import type { NetworkMode, Vm } from './vm.ts';

for (const [from, to] of [
  ['none', 'user'],
  ['user', 'none'],
] as const satisfies readonly (readonly [NetworkMode, NetworkMode])[]) {
  test(`a vm that goes from network ${from} to ${to} has a lease of the new mode`, async (t) => {
    const { vmd, call } = createFakeVmd(t);
    const vm = sampleVm({ state: 'stopped', spec: { ...sampleVm().spec, network: from } });
    await vmd.store.insert(vm);
    const leases: (NetworkMode | 'released')[] = [];
    const { acquire, release } = vmd.network;
    vmd.network.acquire = (inner, changed: Vm) => {
      leases.push(changed.spec.network);
      return acquire(inner, changed);
    };
    vmd.network.release = (inner, id) => {
      leases.push('released');
      return release(inner, id);
    };
    const changed = await setVm(vmd, call, vm.id, { settings: { network: to }, removeLabels: [] });
    assert.equal(changed.spec.network, to);
    assert.deepEqual(leases, ['released', to]);
  });
}
