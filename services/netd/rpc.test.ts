import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { loadLibc } from '#kit/libc.ts';
import { createMetrics } from '#kit/metrics.ts';
import { startServer } from '#kit/server.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { recordedLog } from '#kit/testing/recorded-log.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { NetworkServiceDefinition } from '#proto/banger/v1/network.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import { networkService } from './rpc.ts';
import { openLab, vmId } from './testing/netd-lab.ts';

/** netd's contract over a real socket, on a kernel in memory. */
async function serve(t: TestContext) {
  const { host, startNetd } = await openLab(t);
  const { netd } = startNetd();
  const path = join(temporaryFolder(t), 'netd.sock');
  const server = await startServer({
    socket: { path, mode: 0o600 },
    rpcs: [networkService(netd)],
    log: recordedLog().log,
    metrics: createMetrics('netd'),
    libc: loadLibc(),
    admits: () => true,
    allows: () => true,
  });
  const connection = openConnection({ socket: path, service: 'netd', patienceMs: 1000 });
  t.after(async () => {
    connection.close();
    await server.drain(0);
  });
  return { host, client: createClient(NetworkServiceDefinition, connection) };
}

const VM = vmId(1);
const REQUEST = { vmId: VM, vmName: 'web', mode: NetworkMode.BRIDGE, nat: true };

test('the life of a lease, as vmd sees it', async (t) => {
  const { client, host } = await serve(t);
  const { lease } = await client.acquireLease(REQUEST);
  const wanted = {
    vmId: VM,
    vmName: 'web',
    mode: NetworkMode.BRIDGE,
    address: '172.30.0.2',
    prefixLength: 16,
    gateway: '172.30.0.1',
    resolver: '172.30.0.1',
    mac: '02:00:ac:1e:00:02',
    tap: 'bgtap-0',
    nat: true,
    peers: false,
    attached: false,
    tapIndex: 0,
  };
  assert.deepEqual(lease, wanted);
  assert.deepEqual((await client.attachLease({ vmId: VM })).lease, { ...wanted, attached: true });
  const { lease: changed } = await client.setLease({ vmId: VM, vmName: 'shop', nat: false });
  assert.deepEqual(changed, { ...wanted, vmName: 'shop', nat: false, attached: true });
  assert.equal(host.rules.get(VM)?.nat, false);
  await client.detachLease({ vmId: VM });
  const { leases } = await client.listLeases({});
  assert.deepEqual(leases, [{ ...wanted, vmName: 'shop', nat: false }]);
  await client.releaseLease({ vmId: VM });
  assert.deepEqual((await client.listLeases({})).leases, []);
});

test('the status says which modes work', async (t) => {
  const { client, host } = await serve(t);
  const { modes, bridge, dns } = await client.getNetworkStatus({});
  assert.deepEqual(
    modes.map(({ mode, available }) => [mode, available]),
    [
      [NetworkMode.BRIDGE, true],
      [NetworkMode.USER, true],
      [NetworkMode.NONE, true],
    ],
  );
  assert.equal(bridge?.address, '172.30.0.1/16');
  assert.equal(dns?.address, '127.0.0.1:42069');
  host.present = false;
  const later = await client.getNetworkStatus({});
  assert.deepEqual([later.bridge, later.modes[0]?.available], [undefined, false]);
});

test('every field is checked, and what is refused changes nothing', async (t) => {
  const { client, host } = await serve(t);
  const wrong = [
    [{ ...REQUEST, vmId: '../etc' }, 'INVALID_REFERENCE', /is not the id of a vm/],
    [{ ...REQUEST, vmName: 'Web' }, 'INVALID_NAME', /cannot name a vm/],
    [{ ...REQUEST, mode: NetworkMode.UNSPECIFIED }, 'INVALID_FIELD', /the mode is none of/],
  ] as const;
  for (const [request, reason, message] of wrong) {
    await assert.rejects(() => client.acquireLease(request), failsWith(reason, message));
  }
  const refusal = failsWith('INVALID_REFERENCE', /is not the id of a vm/);
  for (const call of [
    client.attachLease,
    client.detachLease,
    client.setLease,
    client.releaseLease,
  ]) {
    await assert.rejects(() => call({ vmId: '' }), refusal);
  }
  assert.deepEqual([(await client.listLeases({})).leases, host.asked], [[], []]);
});
