import assert from 'node:assert/strict';
import { test } from 'node:test';
import { macOf, parseIpv4, parseSubnet } from '#kit/ipv4.ts';
import { assertAgreement } from '../testing/agreement.ts';
import { type Lab, openLab, vmId, wishOf } from '../testing/netd-lab.ts';
import { acquireLease } from './acquire-lease.ts';
import { attachLease } from './attach-lease.ts';
import { detachLease } from './detach-lease.ts';
import { getNetworkStatus } from './get-network-status.ts';
import { tryBridge } from './open-bridge.ts';
import { patrol } from './patrol.ts';

/** VM 1 runs, VM 2 is stopped. */
async function openLabWithVms(...given: Parameters<typeof openLab>) {
  const lab = await openLab(...given);
  const { netd, dns } = lab.startNetd();
  for (const number of [1, 2]) {
    await acquireLease(netd, lab.call, wishOf(number));
    await attachLease(netd, lab.call, vmId(number));
  }
  await detachLease(netd, lab.call, vmId(2));
  return { ...lab, netd, dns };
}

const STRANGER = {
  vm: vmId(9),
  tapIndex: 9,
  address: parseIpv4('172.30.0.9'),
  mac: macOf(parseIpv4('172.30.0.9')),
  nat: true,
  peers: false,
};

/** What somebody else, or a crash, may do to the kernel, and what netd says of it. */
const DAMAGES: Record<string, { harm(lab: Lab): void; says: RegExp }> = {
  'rules that were flushed': {
    harm: ({ host }) => host.rules.clear(),
    says: /^rules of vm "0{15}1" are bgtap-0 172\.30\.0\.2 02:00:ac:1e:00:02 by the records; the kernel has none$/,
  },
  'rules that allow more than they should': {
    harm: ({ host }) => {
      const rules = host.rules.get(vmId(1));
      assert.ok(rules !== undefined);
      host.rules.set(vmId(1), { ...rules, nat: true });
    },
    says: /02:00:ac:1e:00:02 by the records; the kernel has .* nat$/,
  },
  'rules of a stopped VM': {
    harm: ({ host }) =>
      void host.rules.set(vmId(2), {
        ...STRANGER,
        vm: vmId(2),
        tapIndex: 1,
        address: parseIpv4('172.30.0.3'),
      }),
    says: /^rules of vm "0{15}2" are none by the records; the kernel has bgtap-1 /,
  },
  'rules of a VM that nobody knows': {
    harm: ({ host }) => void host.rules.set(STRANGER.vm, STRANGER),
    says: /^rules of vm "0{15}9" are none by the records; the kernel has bgtap-9 /,
  },
  'a tap that nobody knows': {
    harm: ({ host }) => host.setTap(77, { sound: false }),
    says: /^tap "bgtap-77" is in the kernel; the records know nothing of it$/,
  },
  'a tap that fell off the bridge': {
    harm: ({ host }) => host.setTap(0, { sound: false }),
    says: /^tap "bgtap-0" belongs to vm "0{15}1"; the kernel has it down or off the bridge$/,
  },
  'a tap that is gone': {
    harm: ({ host }) => void host.taps.delete(0),
    says: /^tap "bgtap-0" belongs to vm "0{15}1"; the kernel has no such device$/,
  },
  'a bridge that is gone': {
    harm: ({ host }) => host.bridges.clear(),
    says: /^bridge "br-banger" has 172\.30\.0\.1\/16 by the records; the kernel has no such bridge$/,
  },
  'a bridge with another address': {
    harm: ({ host }) =>
      void host.bridges.set('br-banger', { name: 'br-banger', subnet: parseSubnet('10.0.0.1/8') }),
    says: /the kernel has 10\.0\.0\.1\/8$/,
  },
  'a bridge without an address': {
    harm: ({ host }) =>
      void host.bridges.set('br-banger', { name: 'br-banger', subnet: undefined }),
    says: /the kernel has it without address$/,
  },
};

for (const [what, { harm, says }] of Object.entries(DAMAGES)) {
  test(`${what}: told in the status, mended by the next round and by a new start`, async (t) => {
    const lab = await openLabWithVms(t);
    const { netd, host, call, startNetd } = lab;
    harm(lab);
    const { disagreements } = await getNetworkStatus(netd, call);
    assert.equal(disagreements.length, 1, disagreements.join('\n'));
    assert.match(disagreements[0] ?? '', says);
    await patrol(netd);
    await assertAgreement(netd, host);
    harm(lab);
    const next = startNetd().netd;
    await tryBridge(next);
    await assertAgreement(next, host);
    assert.equal((await next.store.find(vmId(1)))?.state, 'attached');
    assert.equal(next.zone.findByName('vm-1')?.address, '172.30.0.2');
  });
}

test('all at once is mended too', async (t) => {
  const lab = await openLabWithVms(t, { warmTaps: 2 });
  for (const { harm } of Object.values(DAMAGES).toReversed()) harm(lab);
  await patrol(lab.netd);
  await patrol(lab.netd);
  await assertAgreement(lab.netd, lab.host);
});

test('where nothing disagrees, starting again changes nothing in the kernel but the bridge itself', async (t) => {
  const { host, startNetd } = await openLabWithVms(t);
  host.asked.length = 0;
  await tryBridge(startNetd().netd);
  assert.deepEqual(host.asked, ['read', 'ensureBridge', 'read', 'routeResolver']);
});

test('a VM that cannot be mended keeps no other from it, and is tried again', async (t) => {
  const { netd, host, call, lines } = await openLabWithVms(t);
  await attachLease(netd, call, vmId(2));
  host.rules.clear();
  host.rules.set(STRANGER.vm, { ...STRANGER, tapIndex: 0 });
  t.mock.method(host, 'clearRules', async () => assert.fail('not now'));
  await patrol(netd);
  assert.ok(host.rules.has(vmId(2)));
  assert.ok(!host.rules.has(vmId(1)));
  assert.ok(lines.some(({ message, vm }) => message === 'vm not mended' && vm === vmId(1)));
  t.mock.restoreAll();
  await patrol(netd);
  await patrol(netd);
  await assertAgreement(netd, host);
});

test('the status does not call a VM that comes or goes right now a disagreement', async (t) => {
  const { netd, call } = await openLabWithVms(t);
  const flipping = (async () => {
    for (let round = 0; round < 20; round++) {
      await attachLease(netd, call, vmId(2));
      await detachLease(netd, call, vmId(2));
    }
  })();
  for (let look = 0; look < 20; look++) {
    assert.deepEqual((await getNetworkStatus(netd, call)).disagreements, []);
  }
  await flipping;
});

test('rules stay looked after while the bridge itself cannot be refreshed', async (t) => {
  const { netd, host } = await openLabWithVms(t);
  host.rules.clear();
  t.mock.method(host, 'ensureBridge', async () => assert.fail('a new route is in the way'));
  await patrol(netd);
  await assertAgreement(netd, host);
});

test('a round that finds rootd away is one line in the log, and the next round goes on', async (t) => {
  const { netd, host, lines } = await openLabWithVms(t);
  host.rules.clear();
  host.present = false;
  await patrol(netd);
  assert.ok(lines.some(({ message }) => message === 'patrol failed'));
  host.present = true;
  await patrol(netd);
  await assertAgreement(netd, host);
});

test('dns that could not listen is tried again in the next round', async (t) => {
  const { netd, dns, host, call } = await openLabWithVms(t);
  host.resolverRuns = true;
  dns.listening = false;
  dns.problem = 'the port is taken';
  await patrol(netd);
  assert.deepEqual((await getNetworkStatus(netd, call)).disagreements, ['the port is taken']);
  assert.equal(host.resolverPort, undefined);
  dns.problem = '';
  await patrol(netd);
  assert.equal(host.resolverPort, 42_069);
});
