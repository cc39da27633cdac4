import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { findBootModules } from './boot-modules.ts';

const LISTED = `kernel/drivers/virtio/virtio_mmio.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/net/virtio_net.ko: kernel/net/net_failover.ko kernel/net/failover.ko kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/char/hw_random/virtio-rng.ko:
kernel/drivers/sound/loud.ko: kernel/drivers/virtio/virtio.ko
`;
const BUILT_IN = ['virtio_blk', 'ext4', 'virtio_console', 'overlay']
  .map((name) => `kernel/${name}.ko\n`)
  .join('');

async function modulesFolder(t: TestContext, builtIn: string): Promise<string> {
  const folder = await makeTemporaryFolder(t);
  await writeFile(join(folder, 'modules.dep'), LISTED);
  await writeFile(join(folder, 'modules.builtin'), builtIn);
  return folder;
}

test('modules come after what they depend on, once each, and without those nobody needs', async (t) => {
  const folder = await modulesFolder(t, `${BUILT_IN}kernel/vmw_vsock_virtio_transport.ko\n`);
  const names = (await findBootModules(folder)).map((path) => path.split('/').at(-1));
  assert.deepEqual(names, [
    'virtio_ring.ko',
    'virtio.ko',
    'virtio_mmio.ko',
    'failover.ko',
    'net_failover.ko',
    'virtio_net.ko',
    'virtio-rng.ko',
  ]);
});

test('a kernel without what a guest needs is refused by the name of that', async (t) => {
  const folder = await modulesFolder(t, BUILT_IN);
  await assert.rejects(
    findBootModules(folder),
    failsWith('FEATURE_UNSUPPORTED', /vmw_vsock_virtio_transport/),
  );
});
