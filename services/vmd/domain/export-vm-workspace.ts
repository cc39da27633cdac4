import type { Call } from '#kit/call.ts';
import { findVm } from './find-vm.ts';
import { getWorkspace } from './list-vm-workspace.ts';
import { awaitGuest } from './live-vms.ts';
import type { Vmd } from './ports.ts';
import { touch } from './touch-vm.ts';

/** Packs files of a VM's workspace. What comes is the guest's word: whoever reads it must not trust it. */
export async function* exportVmWorkspace(
  vmd: Vmd,
  call: Call,
  reference: string,
  paths: readonly Buffer[],
): AsyncGenerator<Uint8Array, void> {
  const vm = await findVm(vmd, reference);
  const { guestPath } = getWorkspace(vm);
  const guest = await awaitGuest(vmd.live, call, vm);
  await touch(vmd, vm);
  yield* guest.packFiles(call, guestPath, paths);
}
