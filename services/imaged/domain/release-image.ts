import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import { undo } from '#kit/undo.ts';
import type { Imaged } from './ports.ts';

/** Gives up what a VM holds. The last holder of an image that lost its name takes the image along. */
export async function releaseImage(imaged: Imaged, call: Call, vmId: VmId): Promise<void> {
  const unneeded = await imaged.store.release(vmId);
  if (unneeded === undefined) return;
  // The record is gone; a folder that stays is reconcile's to remove, and no reason to fail the VM's end.
  await undo(call.log, 'remove image', () => imaged.folders.remove(unneeded))();
}
