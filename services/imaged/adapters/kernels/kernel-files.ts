import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The names of a kernel's parts in its folder. All but the kernel itself are absent where everything is built in. */
export const VMLINUX = 'vmlinux';
export const MODULES_DISK = 'modules.ext4';
export const BOOT_MODULES = 'boot';
export const MANIFEST = 'manifest.json';

export type BootModule = { name: string; content: Buffer };

/** The modules of the initial RAM disk. The names of their files begin with their number in the order. */
export async function readBootModules(folder: string): Promise<BootModule[]> {
  const names = await namesIn(join(folder, BOOT_MODULES));
  return Promise.all(
    names.map(async (name) => ({
      name: name.slice(3),
      content: await readFile(join(folder, BOOT_MODULES, name)),
    })),
  );
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
