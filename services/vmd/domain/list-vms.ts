import type { Vmd } from './ports.ts';
import type { Vm } from './vm.ts';

/** All VMs from one snapshot, oldest first. */
export function listVms(vmd: Vmd): Promise<Vm[]> {
  return vmd.store.list();
}
