import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeImaged } from '../testing/fakes.ts';
import { checkHost } from './check-host.ts';

const { host } = fakeImaged().imaged;

test('a host with room and tools has nothing to mend', async () => {
  const checks = await checkHost(host);
  assert.ok(checks.every(({ status, remedy }) => status === 'pass' && remedy === ''));
});

test('what is missing is named with the package that has it', async () => {
  const bare = { ...host, hasTool: async () => false, freeBytes: async () => 2 ** 20 };
  const checks = await checkHost(bare);
  assert.deepEqual(
    checks.map(({ name, status }) => `${name} ${status}`),
    [
      'image space fail',
      'musl-gcc fail',
      'depmod fail',
      'mmdebstrap warn',
      'apt-get warn',
      'newuidmap warn',
    ],
  );
  assert.deepEqual(
    checks.flatMap(({ packages }) => packages),
    ['musl-tools', 'kmod', 'mmdebstrap', 'apt', 'uidmap'],
  );
});
