import { parseVmId } from '#kit/names.ts';
import type { Machine } from '../domain/driver.ts';

/** A machine that the fake driver launches. */
export function sampleMachine(change: Partial<Machine> = {}): Machine {
  return {
    vmId: parseVmId('0123456789abcdef'),
    folder: '/vms/0123456789abcdef',
    privileged: false,
    vcpus: 1,
    memoryMib: 128,
    accelerator: 'tcg',
    kernel: { id: 'kernel-1', vmlinux: '/vmlinux', initrd: '/initrd', modules: '' },
    imageId: 'image-1',
    initrd: '/initrd',
    disks: { root: '/root', work: '/work' },
    network: { mode: 'none' },
    ...change,
  };
}
