import type { Call } from '#kit/call.ts';
import type { ProcessIdentity } from '#kit/process-identity.ts';
import type { Machine, MachinePlace, MachineSignal } from '../../domain/driver.ts';

/** Who starts QEMU, and may find and signal it afterwards: vmd itself, or rootd for a QEMU with its own uid. */
export type Launcher = {
  /** Answers when the process runs. A failure leaves none. */
  launch(call: Call, machine: Machine): Promise<ProcessIdentity>;
  /** The process at a place: that very one, or without an identity whichever it is. */
  find(
    call: Call,
    place: MachinePlace,
    process?: ProcessIdentity,
  ): Promise<ProcessIdentity | undefined>;
  /** Fine when it has ended. */
  signal(
    call: Call,
    place: MachinePlace,
    process: ProcessIdentity,
    signal: MachineSignal,
  ): Promise<void>;
  /** Frees what an ended process left. Fine when there is nothing. */
  clear(call: Call, place: MachinePlace): Promise<void>;
};
