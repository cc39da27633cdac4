import { parseVmId } from '#kit/names.ts';
import { driverContract } from './driver-contract.ts';
import { createFakeDriver } from './fake-driver.ts';

const driver = createFakeDriver();

driverContract(
  'fake',
  {
    createDriver: () => driver,
    prepare: async () => ({
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
    }),
    awaitGuest: async ({ process }) => `boot ${process.pid}`,
    powerOff: async () =>
      driver.end(
        { vmId: parseVmId('0123456789abcdef') },
        { cause: 'guest', detail: 'powered off by the guest' },
      ),
  },
  { skip: false },
);
