import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { findObstacle } from '../../adapters/guest/testing/booted-guest.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { createQemuBench } from '../../testing/qemu-bench.ts';

const nobody = () => Promise.reject(new Error('no rootd is asked for a machine of our own'));

driverContract(
  'qemu',
  createQemuBench({
    openState: temporaryFolder,
    privileged: false,
    jail: {
      answers: async () => false,
      ...{ launch: nobody, find: nobody, signal: nobody, reap: nobody },
    },
  }),
  { skip: (await findObstacle()) ?? false },
);
