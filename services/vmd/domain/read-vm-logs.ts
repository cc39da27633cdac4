import type { Call } from '#kit/call.ts';
import { findVm } from './find-vm.ts';
import type { Vmd } from './ports.ts';

export type ReadVmLogs = { follow: boolean; tailLines: number };

/** The serial console's log. A VM keeps it while it is stopped. */
export async function* readVmLogs(
  vmd: Vmd,
  call: Call,
  reference: string,
  wanted: ReadVmLogs,
): AsyncGenerator<Uint8Array, void> {
  const vm = await findVm(vmd, reference);
  yield* vmd.disks.readLog(call, vm.id, wanted);
}
