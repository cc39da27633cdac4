import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { cached } from './build.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';

/** A kernel module, not compressed, under the file name it has in its package. */
export type KernelModule = { readonly name: string; readonly content: Buffer };

export type InitrdOptions = {
  /** The guest program, from `buildGuest`. */
  guestPath: string;
  /** In the order in which they must be loaded; none for a kernel with everything built in. */
  modules: readonly KernelModule[];
  cacheFolder: string;
};

/** Packs the guest program and its modules, or finds them packed already, and answers the path. */
export async function buildInitrd(options: InitrdOptions): Promise<string> {
  const archive = packInitrd(await readFile(options.guestPath), options.modules);
  const key = createHash('sha256').update(archive).digest('hex').slice(0, 32);
  return cached(join(options.cacheFolder, `initrd-${key}`), (target) => writeFile(target, archive));
}

/**
 * Not compressed: unpacking costs the guest more than reading saves the host. The two devices are
 * for the time before devtmpfs; without a console the kernel starts /init with no descriptors.
 */
export function packInitrd(guest: Buffer, modules: readonly KernelModule[]): Buffer {
  const folders = ['dev', 'proc', 'sys', 'newroot', 'modules'];
  return writeCpio([
    ...folders.map((path): CpioEntry => ({ kind: 'folder', path, mode: 0o755 })),
    { kind: 'character', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'character', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
    { kind: 'file', path: 'init', mode: 0o755, content: guest },
    ...packModules(modules),
  ]);
}

function packModules(modules: readonly KernelModule[]): CpioEntry[] {
  if (modules.length === 0) return [];
  for (const { name } of modules) checkModuleName(name);
  const order = Buffer.from(modules.map(({ name }) => `${name}\n`).join(''), 'utf8');
  return [
    { kind: 'file', path: 'modules/order', mode: 0o644, content: order },
    ...modules.map(
      ({ name, content }): CpioEntry => ({
        kind: 'file',
        path: `modules/${name}`,
        mode: 0o644,
        content,
      }),
    ),
  ];
}

function checkModuleName(name: string): void {
  if (/^[A-Za-z0-9_-]+\.ko$/.test(name)) return;
  throw new BangerError(
    'INVALID_FIELD',
    `"${name}" is no kernel module; compressed ones must be unpacked first`,
  );
}
