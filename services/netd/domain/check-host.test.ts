import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLab, routeTo } from '../testing/netd-lab.ts';
import { checkHost } from './check-host.ts';
import { tryBridge } from './open-bridge.ts';

test('doctor has a row for every part, and a warning with the way out for what is missing', async (t) => {
  const { call, host, routes, startNetd } = await openLab(t);
  const { netd } = startNetd();
  await tryBridge(netd);
  const good = await checkHost(netd, call);
  assert.deepEqual(
    good.map(({ name, status }) => `${name} ${status}`),
    [
      'network-bridge pass',
      'network-pool pass',
      'network-uplink pass',
      'vm-dns pass',
      'vm-resolver warn',
    ],
  );
  host.present = false;
  routes.push(routeTo('172.30.0.0/16'));
  const { netd: other, dns } = startNetd();
  dns.problem = 'dns does not listen';
  await tryBridge(other);
  const bad = await checkHost(other, call);
  assert.deepEqual(
    bad.map(({ name, status }) => `${name} ${status}`),
    [
      'network-bridge warn',
      'network-pool warn',
      'network-uplink pass',
      'vm-dns warn',
      'vm-resolver pass',
    ],
  );
  assert.equal(bad[0]?.remedy, 'banger daemon start --bridge');
});
