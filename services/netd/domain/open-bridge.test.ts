import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf, openLab, routeTo, wishOf } from '../testing/netd-lab.ts';
import { acquireLease } from './acquire-lease.ts';
import { getNetworkStatus } from './get-network-status.ts';
import { tryBridge } from './open-bridge.ts';
import { findRouteClash } from './route-clash.ts';

test('a route of the host into the pool is refused by name before anything is changed', async (t) => {
  const { call, host, routes, startNetd } = await openLab(t);
  routes.push(routeTo('172.30.4.0/24', 'docker0'));
  const { netd } = startNetd();
  assert.equal(await tryBridge(netd), false);
  assert.equal(
    netd.bridge.reason,
    'the pool 172.30.0.0/16 overlaps the host\'s route "172.30.4.0/24 dev docker0"; set another "pool" under [netd] in "/etc/banger/config.toml"',
  );
  await assert.rejects(() => acquireLease(netd, call, wishOf(1)), /overlaps the host's route/);
  assert.ok(!host.asked.includes('ensureBridge'));
  routes.pop();
  assert.equal(await tryBridge(netd), true);
});

test('a bridge of another banger is refused', async (t) => {
  const { host, startNetd } = await openLab(t);
  host.bridges.set('br-banger-old', { name: 'br-banger-old', subnet: undefined });
  const { netd } = startNetd();
  assert.equal(await tryBridge(netd), false);
  assert.match(netd.bridge.reason, /ip link delete br-banger-old$/);
});

test('a pool that leaves a leased address out is refused, naming the VM', async (t) => {
  const lab = await openLab(t);
  await acquireLease(lab.startNetd().netd, lab.call, wishOf(1));
  const moved = await openLab(t, { pool: '10.9.0.0/24' });
  const { netd } = moved.startNetd({ store: lab.storeOfBoot('boot-1') });
  assert.equal(await tryBridge(netd), false);
  assert.match(netd.bridge.reason, /^vm "vm-1" has the address 172\.30\.0\.2, which the pool/);
});

test('callers who come together share one attempt', async (t) => {
  const { host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  assert.deepEqual(await Promise.all([tryBridge(netd), tryBridge(netd)]), [true, true]);
  assert.equal(host.asked.filter((name) => name === 'ensureBridge').length, 1);
});

test('a shut bridge is told once, not in every round', async (t) => {
  const { host, lines, startNetd } = await openLab(t);
  host.present = false;
  const { netd } = startNetd();
  await tryBridge(netd);
  await tryBridge(netd);
  assert.equal(lines.filter(({ message }) => message === 'bridge shut').length, 1);
});

test('the status tells bridge, pool, leases, rules and dns', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  host.resolverRuns = true;
  const { netd } = startNetd();
  await acquireLease(netd, call, wishOf(1));
  await acquireLease(netd, call, wishOf(2, { mode: 'user' }));
  assert.deepEqual(await getNetworkStatus(netd, call), {
    modes: [
      { mode: 'bridge', available: true, reason: '' },
      { mode: 'user', available: true, reason: '' },
      { mode: 'none', available: true, reason: '' },
    ],
    bridge: {
      name: 'br-banger',
      address: '172.30.0.1/16',
      uplink: 'eth0',
      addressesTotal: 65_533,
      addressesLeased: 1,
      tapsReady: 0,
      tapsUsed: 1,
      vmsWithRules: 0,
    },
    dns: { address: '127.0.0.1:42069', names: 0, questions: 0, resolverRouted: true },
    disagreements: [],
  });
});

test('without rootd the status says why there is no bridge and asks nothing privileged', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  host.present = false;
  const status = await getNetworkStatus(startNetd().netd, call);
  assert.equal(status.bridge, undefined);
  assert.deepEqual(status.modes.at(0), {
    mode: 'bridge',
    available: false,
    reason: 'rootd does not run; start it with: banger daemon start --bridge',
  });
  assert.deepEqual(host.asked, []);
});

test('a rootd that went away makes the mode unavailable, not the call', async (t) => {
  const { call, host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await tryBridge(netd);
  host.present = false;
  const status = await getNetworkStatus(netd, call);
  assert.deepEqual(
    [status.modes.at(0)?.available, status.modes.at(0)?.reason],
    [false, 'rootd does not run; start it with: banger daemon start --bridge'],
  );
});

const CLASHES: readonly [network: string, device: string, clashes: boolean][] = [
  ['172.30.0.0/16', 'docker0', true],
  ['172.30.9.9/32', 'lo', true],
  ['172.16.0.0/12', 'wg0', true],
  ['172.30.0.0/16', 'br-banger', false],
  ['172.31.0.0/16', 'eth0', false],
  ['0.0.0.0/0', 'eth0', false],
  ['128.0.0.0/1', 'tun0', false],
];

for (const [network, device, clashes] of CLASHES) {
  test(`a route to ${network} by ${device} ${clashes ? 'clashes' : 'does not clash'} with the pool`, () => {
    assert.equal(findRouteClash(configOf(), [routeTo(network, device)]) !== undefined, clashes);
  });
}
