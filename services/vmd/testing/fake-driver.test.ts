import { driverContract } from './driver-contract.ts';
import { createFakeDriver } from './fake-driver.ts';
import { sampleMachine } from './sample-machine.ts';

const driver = createFakeDriver();
const machine = sampleMachine();

driverContract(
  'fake',
  {
    createDriver: () => driver,
    prepare: async () => machine,
    awaitGuest: async ({ process }) => `boot ${process.pid}`,
    powerOff: async () =>
      driver.end(machine, { cause: 'guest', detail: 'powered off by the guest' }),
  },
  { skip: false },
);
