import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTALLED } from '#kit/paths.ts';
import { leaseRules } from './callers.ts';

const NETD = 4001;
const MEMBER = 4002;
const METHODS = {
  look: ['/banger.v1.NetworkService/ListLeases', '/banger.v1.NetworkService/GetNetworkStatus'],
  change: ['AcquireLease', 'AttachLease', 'DetachLease', 'SetLease', 'ReleaseLease'].map(
    (name) => `/banger.v1.NetworkService/${name}`,
  ),
  other: ['/banger.v1.InfoService/GetInfo', '/grpc.health.v1.Health/Check'],
};

function allowed(
  uid: number,
  methods: readonly string[],
  mode: 'installed' | 'local' = 'installed',
) {
  const allows = leaseRules({ ...INSTALLED, mode }, NETD);
  return methods.filter((method) => allows(method, { uid, gid: uid, pid: 1 }));
}

test('an installed banger lets its users look at leases and change none', () => {
  assert.deepEqual(allowed(MEMBER, METHODS.look), METHODS.look);
  assert.deepEqual(allowed(MEMBER, METHODS.other), METHODS.other);
  assert.deepEqual(allowed(MEMBER, METHODS.change), []);
});

test('root and the service itself may change leases', () => {
  for (const uid of [0, NETD]) assert.deepEqual(allowed(uid, METHODS.change), METHODS.change);
});

test('in local mode all services are one user’s', () => {
  assert.deepEqual(allowed(MEMBER, METHODS.change, 'local'), METHODS.change);
});
