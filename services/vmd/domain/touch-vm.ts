import { findVm } from './find-vm.ts';
import type { Vmd } from './ports.ts';
import type { Vm } from './vm.ts';

/** Marks a VM as used now. */
export async function touchVm(vmd: Vmd, reference: string): Promise<void> {
  await touch(vmd, await findVm(vmd, reference));
}

/** Without the VM's lock: the store changes the one field of whatever the record is by then. */
export async function touch(vmd: Vmd, vm: Vm): Promise<void> {
  await vmd.store.touch(vm.id, vmd.host.now());
}
