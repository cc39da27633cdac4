import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import type { KernelFolders } from '../../domain/kernel-ports.ts';
import {
  type BootModule,
  MODULES_DISK,
  namesIn,
  readBootModules,
  VMLINUX,
} from './kernel-files.ts';

/** What of the rest of imaged the folders of kernels need. */
export type FolderTools = {
  /** Packs the guest program and modules; answers the path of the initial RAM disk. */
  packInitrd(call: Call, modules: readonly BootModule[]): Promise<string>;
  /** A folder as a compressed tar. */
  packFolder(call: Call, folder: string): AsyncIterable<Uint8Array>;
};

export function createKernelFolders(root: string, tools: FolderTools): KernelFolders {
  const folder = (id: string) => join(root, id);
  return {
    /** The guest program comes with banger, not with the kernel, so the RAM disk is packed when it is asked for. */
    async files(call, { id }) {
      const initrd = await tools.packInitrd(call, await readBootModules(folder(id)));
      const hasModules = (await namesIn(folder(id))).includes(MODULES_DISK);
      return {
        vmlinux: join(folder(id), VMLINUX),
        initrd,
        modules: hasModules ? join(folder(id), MODULES_DISK) : '',
      };
    },
    async allocatedBytes(id) {
      const names = await readdir(folder(id), { recursive: true });
      const found = await Promise.all(names.map((name) => stat(join(folder(id), name))));
      return found.reduce((total, { blocks }) => total + blocks * 512, 0);
    },
    pack: (call, { id }) => tools.packFolder(call, folder(id)),
    remove: (id) => rm(folder(id), { recursive: true, force: true }),
    async list() {
      await mkdir(root, { recursive: true, mode: 0o755 });
      return readdir(root);
    },
  };
}
