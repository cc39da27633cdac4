import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { configureKernel, findLost } from './adapters/kernels/configure-kernel.ts';
import { FRAGMENT } from './adapters/kernels/from-source.ts';
import { unpackKernelSource } from './adapters/kernels/source-package.ts';
import { startImaged } from './testing/imaged-process.ts';
import { collectKernel, importKernel } from './testing/kernel-client.ts';
import { missingTool, runTool } from './testing/run-tool.ts';
import { makeTemporaryFolder } from './testing/temporary-folder.ts';

const VM = '0123456789abcdef';
const PACKAGE = 'linux-image-cloud-amd64';
const SOURCE = '/usr/src/linux-source-6.1.tar.xz';

async function whyNoPackage(): Promise<string | false> {
  const missing = await missingTool('apt-get', 'dpkg-deb', 'depmod', 'e2fsck', 'musl-gcc');
  if (missing !== false || process.arch !== 'x64') return missing || 'it is a package of amd64';
  const [known] = await Promise.allSettled([
    runTool('apt-get', 'download', '--print-uris', PACKAGE),
  ]);
  return known?.status === 'fulfilled' ? false : `apt here has no ${PACKAGE}`;
}

async function whyNoSource(): Promise<string | false> {
  const missing = await missingTool('make', 'gcc', 'flex', 'bison');
  const [found] = await Promise.allSettled([access(SOURCE)]);
  return missing || (found?.status === 'fulfilled' ? false : 'linux-source-6.1 is not installed');
}

const skipPackage = await whyNoPackage();
const skipSource = await whyNoSource();

test("the distribution's kernel comes with its modules, once for all who want it", {
  skip: skipPackage,
}, async (t) => {
  const imaged = await startImaged(t);
  const { kernels } = imaged;
  const pulls = Array.from({ length: 5 }, () => collectKernel(kernels.pullKernel({})));
  const made = await Promise.all(pulls);
  const [{ kernel, stages }] = made as [(typeof made)[number]];
  assert.equal(new Set(made.map((each) => each.kernel.id)).size, 1);
  assert.equal(kernel.name, 'debian-cloud');
  assert.deepEqual(kernel.drivers, ['qemu', 'firecracker']);
  assert.match(kernel.source, /^package linux-image-/);
  assert.ok(stages.some(({ name, detail }) => name === 'package' && /downloading/.test(detail)));
  const leased = await kernels.leaseKernel({ vmId: VM, kernel: '' });
  await assertWhole(t, kernel.release, leased);
  await assert.rejects(
    kernels.deleteKernel({ kernel: 'debian-cloud' }),
    failsWith('IMAGE_IN_USE', /vm/),
  );
  await assertTravels(t, kernel.digest, imaged);
  await kernels.releaseKernel({ vmId: VM });
  await kernels.deleteKernel({ kernel: 'debian-cloud' });
  assert.deepEqual([await imaged.list('kernels'), await imaged.list('staging')], [[], []]);
});

type Paths = { vmlinuxPath: string; initrdPath: string; modulesPath: string };

/** An ELF kernel, a RAM disk with the modules that lead to the root disk, and a disk with all of them. */
async function assertWhole(t: TestContext, release: string, paths: Paths): Promise<void> {
  const vmlinux = await readFile(paths.vmlinuxPath);
  assert.equal(vmlinux.toString('latin1', 0, 4), '\x7fELF');
  const initrd = (await readFile(paths.initrdPath)).toString('latin1');
  const order = /(?:[\w-]+\.ko\n){5,}/.exec(initrd)?.[0].split('\n') ?? [];
  for (const [first, second] of [
    ['virtio_ring.ko', 'virtio_blk.ko'],
    ['net_failover.ko', 'virtio_net.ko'],
    ['vsock.ko', 'vmw_vsock_virtio_transport.ko'],
  ] as const) {
    assert.ok(order.indexOf(first) < order.indexOf(second), `${first} after ${second}`);
  }
  const check = await runTool('e2fsck', '-fn', paths.modulesPath);
  assert.doesNotMatch(check, /fix|error/i);
  const folder = await makeTemporaryFolder(t);
  const dump = `dump /${release}/modules.dep ${join(folder, 'dep')}`;
  await runTool('debugfs', '-R', dump, paths.modulesPath);
  assert.match(await readFile(join(folder, 'dep'), 'utf8'), /kernel\/fs\/overlayfs\/overlay\.ko:/);
}

/** The same kernel, modules and all, through a bundle. */
async function assertTravels(
  t: TestContext,
  digest: string,
  { kernels }: Pick<Awaited<ReturnType<typeof startImaged>>, 'kernels'>,
): Promise<void> {
  const there = await startImaged(t);
  const chunks = await Array.fromAsync(kernels.exportKernel({ kernel: 'debian-cloud' }));
  const bundle = Buffer.concat(chunks.map(({ chunk }) => chunk));
  const arrived = await importKernel(there, { name: 'debian-cloud' }, bundle);
  assert.equal(arrived.digest, digest);
  const here = await kernels.leaseKernel({ vmId: VM, kernel: '' });
  const far = await there.kernels.leaseKernel({ vmId: VM, kernel: '' });
  for (const part of ['initrdPath', 'modulesPath'] as const) {
    assert.ok((await readFile(here[part])).equals(await readFile(far[part])), part);
  }
}

test('a package that nobody has is named, with what to do', { skip: skipPackage }, async (t) => {
  const imaged = await startImaged(t);
  await assert.rejects(
    importKernel(imaged, { name: 'mine', package: 'linux-image-nowhere' }),
    failsWith('HOST_NOT_READY', /"linux-image-nowhere".*apt-get update/),
  );
  assert.deepEqual(await imaged.list('staging'), []);
});

test('every option of our own kernel survives in the source it is built from', {
  skip: skipSource,
}, async (t) => {
  const call = callOf();
  const source = await unpackKernelSource(call, await makeTemporaryFolder(t), () => undefined);
  assert.ok(source.epoch > 1_700_000_000);
  await configureKernel(call, source.folder, FRAGMENT);
  const config = await readFile(join(source.folder, '.config'), 'utf8');
  assert.deepEqual(findLost(await readFile(FRAGMENT, 'utf8'), config), []);
  // Everything is built in.
  assert.doesNotMatch(config, /=m$/m);
  const wrong = join(source.folder, 'wrong.config');
  await runTool('cp', FRAGMENT, wrong);
  await runTool('sed', '-i', '$aCONFIG_RENAMED_LONG_AGO=y', wrong);
  await assert.rejects(
    configureKernel(call, source.folder, wrong),
    failsWith('FEATURE_UNSUPPORTED', /CONFIG_RENAMED_LONG_AGO=y/),
  );
});
