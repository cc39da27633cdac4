import { chmod, cp, mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { syncFolder } from '#kit/atomic-file.ts';
import type { Call } from '#kit/call.ts';
import { digestOf } from '../../domain/digest.ts';
import type { Kernel } from '../../domain/kernel.ts';
import type { StagedKernel } from '../../domain/kernel-ports.ts';
import { findBootModules } from './boot-modules.ts';
import { readElfKernel } from './elf-kernel.ts';
import { BOOT_MODULES, MANIFEST, MODULES_DISK, VMLINUX } from './kernel-files.ts';
import { readKernelFile } from './read-kernel-file.ts';
import { unpackKernel } from './vmlinux.ts';

/** As with images: whoever runs VMs reads them, and nobody writes them. */
const FILE_MODE = 0o440;
const FOLDER_MODE = 0o750;
/** A VMM in a jail opens it by name, with a uid of its own; the folder keeps everybody else away. */
const VMLINUX_MODE = 0o444;

/** What of the rest of imaged the making of kernels needs. */
export type StageTools = {
  /** Folder of the published kernels. */
  readonly root: string;
  begin(): Promise<Staged>;
  /** Writes a file system whose root is a folder's content. */
  writeDisk(call: Call, folder: string, path: string): Promise<void>;
};

export type Staged = AsyncDisposable & {
  readonly folder: string;
  publish(target: string): Promise<void>;
};

/** What a kernel is put together from. */
export type KernelParts = {
  readonly source: string;
  /** A file: ELF, or packed as Linux packs itself. */
  readonly image: string;
  /** "…/lib/modules/RELEASE", with depmod's tables; absent for a kernel with everything built in. */
  readonly modulesFolder?: string;
};

/** Puts a kernel together in a staging folder of its own. */
export async function stageKernel(
  tools: StageTools,
  call: Call,
  { source, image, modulesFolder }: KernelParts,
): Promise<StagedKernel> {
  await using undoing = new AsyncDisposableStack();
  const staged = undoing.use(await tools.begin());
  const { folder } = staged;
  const vmlinux = await readKernelFile(image, unpackKernel);
  await writeFile(join(folder, VMLINUX), vmlinux, { mode: 0o644 });
  if (modulesFolder !== undefined) {
    await copyBootModules(modulesFolder, folder);
    await tools.writeDisk(call, join(modulesFolder, '..'), join(folder, MODULES_DISK));
  }
  const described = await describeStaged(tools.root, staged, source);
  undoing.move();
  return described;
}

/** A staging folder that holds all parts of a kernel. */
export async function describeStaged(
  root: string,
  staged: Staged,
  source: string,
): Promise<StagedKernel> {
  const { folder } = staged;
  const found = await readKernelFile(join(folder, VMLINUX), (vmlinux) => ({
    ...readElfKernel(vmlinux),
    digest: digestOf(vmlinux),
  }));
  return {
    ...found,
    source,
    architecture: 'amd64',
    async publish(kernel: Kernel) {
      await writeFile(join(folder, MANIFEST), `${JSON.stringify(kernel, null, 2)}\n`);
      await settle(folder);
      await mkdir(root, { recursive: true, mode: 0o755 });
      await staged.publish(join(root, kernel.id));
    },
    [Symbol.asyncDispose]: () => staged[Symbol.asyncDispose](),
  };
}

/** A folder is published whole or not at all, also by a loss of power: the bytes are on the disk before it is. */
async function settle(folder: string): Promise<void> {
  await chmod(folder, FOLDER_MODE);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? settle(path) : settleFile(path));
  }
  await syncFolder(folder);
}

async function settleFile(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.chmod(basename(path) === VMLINUX ? VMLINUX_MODE : FILE_MODE);
  await file.sync();
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
