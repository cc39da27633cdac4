import type { Call } from '#kit/call.ts';
import { findVm } from './find-vm.ts';
import type { GuestPort } from './guest.ts';
import { awaitGuest } from './live-vms.ts';
import type { Vmd } from './ports.ts';
import type { PublishedPort } from './vm.ts';

/** What listens in the guest, and what of it is published on the host. */
export async function listVmPorts(
  vmd: Vmd,
  call: Call,
  reference: string,
): Promise<{ listening: GuestPort[]; published: readonly PublishedPort[] }> {
  const vm = await findVm(vmd, reference);
  const guest = await awaitGuest(vmd.live, call, vm);
  const listening = await guest.listPorts(call);
  return { listening, published: vm.publishedPorts };
}
