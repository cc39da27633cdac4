import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type {
  Driver,
  Machine,
  MachineExit,
  MachinePlace,
  RunningMachine,
} from '../domain/driver.ts';
import type { ProcessIdentity } from '../domain/vm.ts';

type FakeMachine = {
  identity: ProcessIdentity;
  running: RunningMachine;
  end(exit: MachineExit): void;
};

/** A driver whose machines are entries of a map. It keeps to the contract that real ones are held to. */
export type FakeDriver = Driver & {
  readonly machines: ReadonlyMap<string, FakeMachine>;
  readonly launches: Machine[];
  /** The guest powers off, or the host's kernel kills it. */
  end(place: Pick<MachinePlace, 'vmId'>, exit: MachineExit): void;
  /** The next launches fail with this. */
  failLaunch: Error | undefined;
};

export function createFakeDriver(): FakeDriver {
  const machines = new Map<string, FakeMachine>();
  const launches: Machine[] = [];
  let nextPid = 1000;
  const end = (vmId: string, exit: MachineExit) => {
    machines.get(vmId)?.end(exit);
    machines.delete(vmId);
  };
  return {
    name: 'fake',
    features: { pause: true },
    machines,
    launches,
    failLaunch: undefined,
    chooseAccelerator: async () => 'tcg',
    async launch(call: Call, machine: Machine) {
      call.signal.throwIfAborted();
      if (this.failLaunch !== undefined) throw this.failLaunch;
      if (machine.kernel.vmlinux === NO_KERNEL) {
        throw new BangerError('COMMAND_FAILED', `there is no kernel ${NO_KERNEL}`);
      }
      end(machine.vmId, KILLED);
      launches.push(machine);
      const identity = { pid: nextPid++, startTicks: nextPid * 10 };
      const made = makeMachine(identity, machine, () => end(machine.vmId, KILLED));
      machines.set(machine.vmId, made);
      return made.running;
    },
    async find(_call, { vmId }, identity) {
      const found = machines.get(vmId);
      const isOther = identity !== undefined && found?.identity.startTicks !== identity.startTicks;
      return isOther ? undefined : found?.running;
    },
    clear: async () => undefined,
    offersNetwork: async (_call, mode) => mode !== 'bridge',
    end: ({ vmId }, exit) => end(vmId, exit),
  };
}

/** The one kernel that cannot be booted. */
const NO_KERNEL = '/no/such/vmlinux';
const KILLED: MachineExit = { cause: 'unknown', detail: 'the machine ended without a word' };

function makeMachine(
  identity: ProcessIdentity,
  { folder }: MachinePlace,
  kill: () => void,
): FakeMachine {
  const { promise: exited, resolve } = Promise.withResolvers<MachineExit>();
  const running: RunningMachine = {
    process: identity,
    guestSocket: `${folder}/guest.sock`,
    exited,
    pause: async () => undefined,
    resume: async () => undefined,
    signal: async () => kill(),
    readConsole: async () => 'Linux says hello\n',
    release: () => undefined,
  };
  return { identity, running, end: resolve };
}
