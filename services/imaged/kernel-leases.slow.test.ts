import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { kernelTar } from './testing/elf-kernel.ts';
import { startImaged } from './testing/imaged-process.ts';
import { importKernel } from './testing/kernel-client.ts';
import { missingTool } from './testing/run-tool.ts';

// A lease packs the initial RAM disk, for which the guest program is compiled.
const VM = '0123456789abcdef';
const skip = await missingTool('musl-gcc');

test('a kernel is imported, leased, kept while it is, and gone without a trace', {
  skip,
}, async (t) => {
  const imaged = await startImaged(t);
  const { kernels } = imaged;
  const kernel = await importKernel(imaged, { name: 'mine' }, kernelTar());
  assert.equal(kernel.release, '6.1.0-test');
  assert.deepEqual(kernel.drivers, ['qemu', 'firecracker']);
  const leased = await kernels.leaseKernel({ vmId: VM, kernel: 'mine' });
  for (const path of [leased.vmlinuxPath, leased.initrdPath])
    assert.ok((await stat(path)).size > 0);
  assert.equal(leased.modulesPath, '');
  await assert.rejects(
    kernels.deleteKernel({ kernel: 'mine' }),
    failsWith('IMAGE_IN_USE', new RegExp(VM)),
  );
  await assert.rejects(
    importKernel(imaged, { name: 'mine', replace: true }, kernelTar('6.2.0')),
    failsWith('IMAGE_IN_USE', new RegExp(VM)),
  );
  await kernels.releaseKernel({ vmId: VM });
  await kernels.deleteKernel({ kernel: 'mine' });
  assert.deepEqual([await imaged.list('kernels'), await imaged.list('staging')], [[], []]);
});

test('the kernel of our own is chosen where it is present, and else the default one', {
  skip,
}, async (t) => {
  const imaged = await startImaged(t);
  const chosen = async () =>
    (await imaged.kernels.leaseKernel({ vmId: VM, kernel: '' })).kernel?.name;
  await assert.rejects(chosen(), failsWith('KERNEL_NOT_FOUND', /banger kernel pull/));
  for (const name of ['other', 'debian-cloud', 'banger-6.1']) {
    await importKernel(imaged, { name }, kernelTar());
    await imaged.kernels.releaseKernel({ vmId: VM });
    assert.equal(await chosen(), name);
  }
  // One that a VM holds already stays what it boots.
  await imaged.kernels.leaseKernel({ vmId: VM, kernel: 'other' });
  assert.equal(await chosen(), 'other');
});
