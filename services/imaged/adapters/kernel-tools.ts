import { buildGuest } from '#guest/build.ts';
import { buildInitrd } from '#guest/initrd.ts';
import type { Call } from '#kit/call.ts';
import { runStreaming } from '#kit/exec.ts';
import { buildDisk } from './build-disk.ts';
import type { KernelTools } from './kernels/kernel-folders.ts';
import type { Staging } from './staging.ts';

const PACK_TIMEOUT_MS = 120_000;

/** What of imaged's other parts a kernel is made with. */
export function createKernelTools(staging: Staging, cacheFolder: string): KernelTools {
  return {
    begin: () => staging.begin(),
    async writeDisk(call, folder, path) {
      const layer = { open: () => packFolder(call, folder) };
      await buildDisk(call, [layer], { path, identity: 'modules', freeBytes: 0 }, () => undefined);
    },
    async packInitrd(call, modules) {
      const guestPath = await buildGuest({ cacheFolder, signal: call.signal });
      return buildInitrd({ guestPath, modules, cacheFolder });
    },
  };
}

/** Owned by root and without times, so that the same package gives the same disk. */
function packFolder(call: Call, folder: string): AsyncIterable<Buffer> {
  const plain = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  return runStreaming('tar', ['-C', folder, ...plain, '-cf', '-', '.'], {
    signal: call.signal,
    timeoutMs: PACK_TIMEOUT_MS,
  });
}
