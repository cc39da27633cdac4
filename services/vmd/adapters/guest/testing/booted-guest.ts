import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { buildGuest } from '../../../../../guest/build.ts';
import {
  type GuestConfig,
  type IdentityFile,
  writeIdentityArchive,
} from '../../../../../guest/identity.ts';
import { packInitrd } from '../../../../../guest/initrd.ts';
import { findDebianKernel } from '../../../../../guest/testing/debian-kernel.ts';
import {
  type QemuGuest,
  startQemuGuest,
  type TestDisk,
} from '../../../../../guest/testing/qemu-guest.ts';
import { makeBusyboxTree, makeDisk } from '../../../../../guest/testing/root-disk.ts';
import { TEST_CACHE } from '../../../../../guest/testing/test-cache.ts';
import { connectGuest } from '../connect-guest.ts';
import type { Guest } from '../guest.ts';
import { temporaryFolder } from './temporary-folder.ts';

const TOOLS = ['qemu-system-x86_64', 'mkfs.ext4', 'musl-gcc', '/usr/bin/busybox'];
const BOOT_LIMIT_MS = 60_000;

/** Why no VM can be started here; undefined where one can. */
export async function findObstacle(): Promise<string | undefined> {
  const missing = TOOLS.find((tool) => spawnSync(tool, ['--version']).error !== undefined);
  if (missing !== undefined) return `${missing} is missing`;
  const kernel = await findDebianKernel();
  return kernel === undefined ? 'no Debian kernel can be fetched with apt' : undefined;
}

export type BootOptions = {
  config?: GuestConfig;
  files?: readonly IdentityFile[];
  /** Changes the image's tree before the disk is made of it. */
  change?: (tree: string) => void;
  /** Instead of a root disk made of the busybox tree. */
  disks?: readonly TestDisk[];
  network?: boolean;
};

/** Starts a VM on a small image of the test's own; it goes with the test. */
export async function startVm(t: TestContext, options: BootOptions = {}): Promise<QemuGuest> {
  const kernel = await findDebianKernel();
  if (kernel === undefined) throw new Error('there is no kernel');
  const signal = AbortSignal.timeout(BOOT_LIMIT_MS);
  const program = await buildGuest({ cacheFolder: TEST_CACHE, signal, warningsAreErrors: true });
  const folder = temporaryFolder(t);
  const vm = await startQemuGuest({
    folder,
    vmlinux: kernel.vmlinux,
    initrd: [
      packInitrd(readFileSync(program), kernel.modules),
      writeIdentityArchive(options.config ?? {}, options.files),
    ],
    disks: options.disks ?? [makeRootDisk(folder, options.change)],
    network: options.network ?? false,
  });
  t.after(() => vm.kill());
  return vm;
}

export function makeRootDisk(folder: string, change?: (tree: string) => void): TestDisk {
  const tree = join(folder, 'tree');
  const path = join(folder, 'root.ext4');
  makeBusyboxTree(tree);
  change?.(tree);
  makeDisk(path, tree, { fsMib: 64, diskMib: 512 });
  return { path, serial: 'root' };
}

/** An empty disk with the serial `work`. */
export function makeWorkDisk(folder: string): TestDisk {
  const tree = join(folder, 'work-tree');
  const path = join(folder, 'work.ext4');
  mkdirSync(tree);
  makeDisk(path, tree, { fsMib: 16, diskMib: 128 });
  return { path, serial: 'work' };
}

/** Greets the guest; a boot that fails shows what the console said. */
export async function greetVm(t: TestContext, vm: QemuGuest): Promise<Guest> {
  try {
    const signal = AbortSignal.timeout(BOOT_LIMIT_MS);
    const guest = await connectGuest(await vm.connect(), { signal });
    t.after(() => guest.close());
    return guest;
  } catch (error) {
    t.diagnostic(`console: ${await vm.console().catch(() => '')}`);
    throw error;
  }
}
