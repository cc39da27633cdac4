import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '#kit/exec.ts';
import { cached } from '../build.ts';
import type { KernelModule } from '../initrd.ts';
import { unpackLz4Kernel } from './lz4.ts';
import { TEST_CACHE } from './test-cache.ts';

export type TestKernel = { readonly vmlinux: string; readonly modules: readonly KernelModule[] };

/** What a QEMU microvm needs, in the order in which it loads; found with modprobe --show-depends. */
const MODULES = [
  'virtio/virtio_ring.ko',
  'virtio/virtio.ko',
  'virtio/virtio_mmio.ko',
  'block/virtio_blk.ko',
  'core/failover.ko',
  'net/net_failover.ko',
  'net/virtio_net.ko',
  'char/virtio_console.ko',
];

const PACKAGE = 'linux-image-cloud-amd64';

/** Debian's cloud kernel, fetched once with apt and kept; undefined where that is not possible. */
export async function findDebianKernel(): Promise<TestKernel | undefined> {
  try {
    const name = await currentPackage();
    return await unpackKernel(await fetchTree(name));
  } catch {
    return undefined;
  }
}

async function currentPackage(): Promise<string> {
  const depends = await tool('apt-cache', ['depends', PACKAGE]);
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error(`apt knows no ${PACKAGE}`);
  return name;
}

/** The package's files, in a folder that appears only when it is whole. */
async function fetchTree(name: string): Promise<string> {
  const folder = join(TEST_CACHE, name);
  const known = await readdir(folder).catch(() => []);
  if (known.length > 0) return folder;
  const working = `${folder}.${process.pid}`;
  await mkdir(join(working, 'tree'), { recursive: true });
  await tool('apt-get', ['download', name], working);
  const file = (await readdir(working)).find((entry) => entry.endsWith('.deb'));
  await tool('dpkg-deb', ['-x', file ?? '', 'tree'], working);
  await rename(join(working, 'tree'), folder);
  await tool('rm', ['-r', working]);
  return folder;
}

async function unpackKernel(tree: string): Promise<TestKernel> {
  const files = await readdir(tree, { recursive: true });
  const image = files.find((file) => file.startsWith('boot/vmlinuz-'));
  if (image === undefined) throw new Error('the package holds no kernel');
  const vmlinux = await cached(join(`${tree}-vmlinux`), async (target) => {
    await writeFile(target, unpackLz4Kernel(await readFile(join(tree, image))));
  });
  const modules = MODULES.map(async (suffix) => {
    const file = files.find((each) => each.endsWith(`/${suffix}`));
    if (file === undefined) throw new Error(`the package holds no ${suffix}`);
    return { name: suffix.split('/')[1] ?? '', content: await readFile(join(tree, file)) };
  });
  return { vmlinux, modules: await Promise.all(modules) };
}

function tool(file: string, args: readonly string[], cwd = '/'): Promise<string> {
  return run(file, args, { cwd, signal: AbortSignal.timeout(300_000), timeoutMs: 300_000 });
}
