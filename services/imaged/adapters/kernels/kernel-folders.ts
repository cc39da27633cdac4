import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Call } from '#kit/call.ts';
import type { Tell } from '#kit/stages.ts';
import type { Kernel, KernelFiles } from '../../domain/kernel.ts';
import type { KernelFolders, KernelPackages, StagedKernel } from '../../domain/kernel-ports.ts';
import { findBootModules } from './boot-modules.ts';
import { type UnpackedKernel, unpackKernelPackage } from './debian-package.ts';
import { unpackKernel } from './vmlinux.ts';

/** What of the rest of imaged the folders of kernels need. */
export type KernelTools = {
  begin(): Promise<Staged>;
  /** Writes a file system whose root is a folder's content. */
  writeDisk(call: Call, folder: string, path: string): Promise<void>;
  /** Packs the guest program and modules; answers the path of the initial RAM disk. */
  packInitrd(call: Call, modules: readonly BootModule[]): Promise<string>;
};

type Staged = AsyncDisposable & { readonly folder: string; publish(target: string): Promise<void> };

export type BootModule = { name: string; content: Buffer };

const MODULES_DISK = 'modules.ext4';
const BOOT_MODULES = 'boot';

export function createKernelFolders(root: string, tools: KernelTools): KernelFolders {
  const folder = (id: string) => join(root, id);
  return {
    /** The guest program comes with banger, not with the kernel, so the RAM disk is packed when it is asked for. */
    async files(call, { id }): Promise<KernelFiles> {
      const initrd = await tools.packInitrd(call, await readBootModules(folder(id)));
      return {
        vmlinux: join(folder(id), 'vmlinux'),
        initrd,
        modules: join(folder(id), MODULES_DISK),
      };
    },
    async allocatedBytes(id) {
      const names = await readdir(folder(id), { recursive: true });
      const found = await Promise.all(names.map((name) => stat(join(folder(id), name))));
      return found.reduce((total, { blocks }) => total + blocks * 512, 0);
    },
    remove: (id) => rm(folder(id), { recursive: true, force: true }),
    async list() {
      await mkdir(root, { recursive: true, mode: 0o755 });
      return readdir(root);
    },
  };
}

export function createKernelPackages(root: string, tools: KernelTools): KernelPackages {
  return {
    async stage(call, packageName, tell) {
      await using scratch = await tools.begin();
      const unpacked = await unpackKernelPackage(call, packageName, scratch.folder, tell);
      const staged = await assemble(call, root, unpacked, tools, tell);
      return { ...staged, source: unpacked.source };
    },
  };
}

async function assemble(
  call: Call,
  root: string,
  unpacked: UnpackedKernel,
  tools: KernelTools,
  tell: Tell,
): Promise<StagedKernel> {
  await using undoing = new AsyncDisposableStack();
  const staged = undoing.use(await tools.begin());
  tell(`preparing ${unpacked.release}`);
  const vmlinux = await unpackKernel(unpacked.image);
  await writeFile(join(staged.folder, 'vmlinux'), vmlinux, { mode: 0o644 });
  await copyBootModules(unpacked.modulesFolder, staged.folder);
  const modules = join(unpacked.root, 'lib/modules');
  await tools.writeDisk(call, modules, join(staged.folder, MODULES_DISK));
  const keep = undoing.move();
  return {
    release: unpacked.release,
    digest: `sha256:${createHash('sha256').update(vmlinux).digest('hex')}`,
    architecture: 'amd64',
    async publish(kernel: Kernel) {
      await writeFile(join(staged.folder, 'manifest.json'), `${JSON.stringify(kernel, null, 2)}\n`);
      await mkdir(root, { recursive: true, mode: 0o755 });
      await staged.publish(join(root, kernel.id));
    },
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

/** In files whose names begin with their number in the order. */
async function copyBootModules(modulesFolder: string, target: string): Promise<void> {
  await mkdir(join(target, BOOT_MODULES));
  const modules = await findBootModules(modulesFolder);
  for (const [index, path] of modules.entries()) {
    const name = `${String(index).padStart(2, '0')}-${basename(path)}`;
    await cp(join(modulesFolder, path), join(target, BOOT_MODULES, name));
  }
}

async function readBootModules(folder: string): Promise<BootModule[]> {
  const names = (await readdir(join(folder, BOOT_MODULES))).sort();
  return Promise.all(
    names.map(async (name) => ({
      name: name.slice(3),
      content: await readFile(join(folder, BOOT_MODULES, name)),
    })),
  );
}
