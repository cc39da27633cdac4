import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rm, stat, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import { readLog } from '#kit/log-tail.ts';
import { parseVmId, type VmId } from '#kit/names.ts';
import { CONSOLE_LOG } from '../domain/driver.ts';
import type { Disks, VmDisks } from '../domain/ports.ts';
import type { Vm } from '../domain/vm.ts';
import { growOverlay, writeOverlay } from './qcow2.ts';

const COPY_TIMEOUT_MS = 120_000;

/** Folders of VMs below one folder, named by the VM's id. */
export function createDisks(root: string): Disks {
  const folder = (vmId: VmId) => join(root, vmId);
  const paths = (vmId: VmId): VmDisks => ({
    root: join(folder(vmId), 'root.qcow2'),
    work: join(folder(vmId), 'work.ext4'),
  });
  return {
    folder,
    paths,
    async create(call, vm, image) {
      const { root: overlay, work } = paths(vm.id);
      await mkdir(folder(vm.id), { recursive: true, mode: 0o700 });
      const { size } = await stat(image.disk);
      await Promise.all([
        writeOverlay(overlay, image.disk, Math.max(size, vm.spec.systemSizeBytes)),
        copySparse(call, image.seed, work),
      ]);
      // The seed is read-only, and so is its copy.
      await chmod(work, 0o600);
      await growFile(work, vm.spec.diskSizeBytes);
      return { root: overlay, work };
    },
    async grow(_call: Call, vm: Vm) {
      const { root: overlay, work } = paths(vm.id);
      await growOverlay(overlay, vm.spec.systemSizeBytes);
      await growFile(work, vm.spec.diskSizeBytes);
    },
    async allocatedBytes(vmId) {
      const files = await readdir(folder(vmId));
      const sizes = await Promise.all(files.map((file) => stat(join(folder(vmId), file))));
      return sizes.reduce((total, { blocks }) => total + blocks * 512, 0);
    },
    readLog: (call, vmId, wanted) => readLog(join(folder(vmId), CONSOLE_LOG), wanted, call.signal),
    remove: (vmId) => rm(folder(vmId), { recursive: true, force: true }),
    async list() {
      const names = await readdir(root);
      return names.filter((name) => /^[0-9a-f]{16}$/.test(name)).map(parseVmId);
    },
    async freeBytes() {
      const { bavail, bsize } = await statfs(root);
      return bavail * bsize;
    },
  };
}

/** The file system in it is grown by the guest at its next boot. */
async function growFile(path: string, sizeBytes: number): Promise<void> {
  if ((await stat(path)).size < sizeBytes) await truncate(path, sizeBytes);
}

/** A copy on write where the file system can; else cp, which knows how to leave holes out. */
async function copySparse(call: Call, from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    if (isFull(error)) throw diskFull(error);
    await run('cp', ['--sparse=always', '--', from, to], {
      signal: call.signal,
      timeoutMs: COPY_TIMEOUT_MS,
    });
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}

function diskFull(cause: unknown): BangerError {
  return new BangerError(
    'DISK_FULL',
    'the disk for vms is full; free some, or delete vms with: banger vm prune',
    {
      cause,
    },
  );
}
