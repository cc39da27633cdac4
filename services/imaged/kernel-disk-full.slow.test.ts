import assert from 'node:assert/strict';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { kernelTar } from './testing/elf-kernel.ts';
import { importKernel } from './testing/kernel-client.ts';
import { bytesOf, MAKINGS, startKernelHouse } from './testing/kernel-makings.ts';
import { missingMountNamespace, missingTool } from './testing/run-tool.ts';

const tools = await missingTool('dpkg-deb', 'depmod', 'make', 'gcc', 'flex', 'bison', 'bc');
const skip = tools || (await missingMountNamespace());

/** Disks on which a kernel of 6 MiB fails as it comes, as it is unpacked, and as it is put together. */
const FULL = ['4m', '8m', '12m'].flatMap((state) =>
  // A package comes compressed, so it needs less; a build asks for its room beforehand.
  Object.keys(MAKINGS).flatMap((way) =>
    state === '12m' && way === 'package' ? [] : [{ state, way }],
  ),
);

for (const { state, way } of FULL) {
  test(`a full disk of ${state} ends ${way}, and the kernels are as before`, {
    skip,
  }, async (t) => {
    const house = await startKernelHouse(t, { tmpfs: { state } });
    const keeper = await bytesOf(house, 'keeper');
    const making = MAKINGS[way]?.make(house, {});
    assert.ok(making !== undefined);
    await assert.rejects(making, failsWith('DISK_FULL', /no space|are free/));
    assert.deepEqual(await house.list('staging'), []);
    const { kernels } = await house.kernels.listKernels({});
    assert.deepEqual(
      kernels.map(({ name }) => name),
      ['keeper'],
    );
    assert.deepEqual(
      await house.list('kernels'),
      kernels.map(({ id }) => id),
    );
    assert.ok(keeper.equals(await bytesOf(house, 'keeper')));
    await importKernel(house, { name: 'small' }, kernelTar());
  });
}
