import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import type { Accelerator, NetworkMode, ProcessIdentity } from './vm.ts';

/** The port to a virtual machine monitor: it knows machines, not VMs; records, leases and names are vmd's. */
export type Driver = {
  readonly name: string;
  readonly features: DriverFeatures;
  /** What this machine would run on here. Probed once for a kernel and a boot of the host. */
  chooseAccelerator(call: Call, kernel: KernelFiles): Promise<Accelerator>;
  /** Starts the machine's process. Everything it makes is below `machine.folder`; a failure leaves nothing running. */
  launch(call: Call, machine: Machine): Promise<RunningMachine>;
  /**
   * Finds a machine that was launched before this service started; absent when it is gone. Without a process,
   * whatever runs at the place: a crash may have come between a launch and its record.
   */
  find(
    call: Call,
    place: MachinePlace,
    process?: ProcessIdentity,
  ): Promise<RunningMachine | undefined>;
  /** Removes what a machine that has ended left behind. Fine when there is nothing. */
  clear(call: Call, place: MachinePlace): Promise<void>;
  /** Whether a machine can have that mode here and now; one may need a service that does not run. */
  offersNetwork(call: Call, mode: NetworkMode): Promise<boolean>;
};

export type DriverFeatures = { pause: boolean };

export type KernelFiles = { id: string; vmlinux: string; initrd: string; modules: string };

/** The serial console's log in a machine's folder, written by the driver. */
export const CONSOLE_LOG = 'console.log';

/**
 * Where a machine lives: all of its sockets and logs are in its folder. A privileged one has a device on the host's
 * bridge, so it is launched by rootd, with a uid of its own; see jail.ts.
 */
export type MachinePlace = { vmId: VmId; folder: string; privileged: boolean };

export type Machine = MachinePlace & {
  vcpus: number;
  memoryMib: number;
  accelerator: Accelerator;
  kernel: KernelFiles;
  imageId: string;
  /** The kernel's initrd with this VM's identity appended. */
  initrd: string;
  disks: { root: string; work: string };
  network: MachineNetwork;
};

export type MachineNetwork =
  | { mode: 'none' }
  | { mode: 'user'; nat: boolean; mac: string }
  | { mode: 'bridge'; tapIndex: number; mac: string };

/** How a machine ended, as far as anybody can tell. */
export type MachineExit = { cause: 'guest' | 'reboot' | 'host' | 'unknown'; detail: string };

export type RunningMachine = {
  readonly process: ProcessIdentity;
  /** Unix socket of the guest channel. */
  readonly guestSocket: string;
  /** Resolves once, when the process has ended, whoever noticed first. Never rejects. */
  readonly exited: Promise<MachineExit>;
  pause(call: Call): Promise<void>;
  resume(call: Call): Promise<void>;
  /** Sends the process a signal. Fine when it has ended. */
  signal(call: Call, signal: MachineSignal): Promise<void>;
  /** What the serial console said last, for errors and logs. */
  readConsole(tailBytes: number): Promise<string>;
  /** Lets go of the sockets; the machine runs on. */
  release(): void;
};

export const MACHINE_SIGNALS = ['KILL', 'TERM', 'INT', 'QUIT', 'ABRT'] as const;
export type MachineSignal = (typeof MACHINE_SIGNALS)[number];
