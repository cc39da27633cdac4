import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import type { Machine, MachineSignal } from './driver.ts';
import type { ProcessIdentity } from './vm.ts';

/**
 * Who launches and keeps the VMMs that have a uid, a root and a network of their own, none of which vmd could give:
 * rootd, as drivers need it. It knows a VMM by its VM; how it is jailed is not said from here.
 */
export type Jail = {
  /** Whether there is somebody to ask. Answers soon, also when there is nobody. */
  answers(call: Call): Promise<boolean>;
  /** Answers when the VMM runs and its sockets listen in the machine's folder. */
  launch(call: Call, machine: Machine, tscKhz: number): Promise<ProcessIdentity>;
  find(call: Call, vmId: VmId): Promise<ProcessIdentity | undefined>;
  /** Fine when it has ended. */
  signal(call: Call, vmId: VmId, signal: MachineSignal): Promise<void>;
  /** Frees what an ended VMM left: its uid and its control group. Fine when there is nothing. */
  reap(call: Call, vmId: VmId): Promise<void>;
};
