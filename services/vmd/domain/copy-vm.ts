import type { Call } from '#kit/call.ts';
import { findVm } from './find-vm.ts';
import type { UnpackRequest, UnpackResult } from './guest.ts';
import { awaitGuest } from './live-vms.ts';
import type { Vmd } from './ports.ts';
import { touch } from './touch-vm.ts';

/** Unpacks a tar stream into a folder of the guest. The guest holds the names to that folder. */
export async function copyToVm(
  vmd: Vmd,
  call: Call,
  reference: string,
  request: UnpackRequest,
  tar: AsyncIterable<Uint8Array>,
): Promise<UnpackResult> {
  const vm = await findVm(vmd, reference);
  const guest = await awaitGuest(vmd.live, call, vm);
  await touch(vmd, vm);
  return guest.unpack(call, request, tar);
}

/** Packs a file or folder of the guest. What comes is the guest's word: whoever unpacks it must not trust it. */
export async function* copyFromVm(
  vmd: Vmd,
  call: Call,
  reference: string,
  guestPath: string,
): AsyncGenerator<Uint8Array, void> {
  const vm = await findVm(vmd, reference);
  const guest = await awaitGuest(vmd.live, call, vm);
  await touch(vmd, vm);
  yield* guest.pack(call, guestPath);
}
