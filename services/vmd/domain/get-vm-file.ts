import type { Call } from '#kit/call.ts';
import { findVm } from './find-vm.ts';
import type { FoundFile } from './guest.ts';
import { awaitGuest } from './live-vms.ts';
import type { Vmd } from './ports.ts';

/** What lies at a path of the guest: whoever copies must know whether it is a folder. */
export async function getVmFile(
  vmd: Vmd,
  call: Call,
  reference: string,
  guestPath: string,
): Promise<FoundFile | undefined> {
  const vm = await findVm(vmd, reference);
  const guest = await awaitGuest(vmd.live, call, vm);
  return guest.findFile(call, guestPath);
}
