import type { Call } from '#kit/call.ts';
import type { DiskLayer, DiskPlan, Disks } from '../domain/ports.ts';
import { buildDisk } from './build-disk.ts';
import { copyFile, hashFile } from './copy-file.ts';
import { extractSeed } from './extract-seed.ts';
import { measureDisk } from './measure-disk.ts';

/** Root file systems, made and read by our own ext4 code: nothing is ever mounted. */
export function createDisks(): Disks {
  return {
    build: (call: Call, layers: readonly DiskLayer[], plan: DiskPlan, tell) =>
      buildDisk(call, layers, plan, tell),
    extractSeed: (_call, files) => extractSeed(files),
    hash: hashFile,
    copy: copyFile,
    measure: measureDisk,
  };
}
