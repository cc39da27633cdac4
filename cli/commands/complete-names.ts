import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Clients } from '../clients.ts';
import { lowerName } from '../output/enum.ts';

export type Name = { name: string; summary: string };

/** The VMs that exist now, for completion. */
export async function listVmNames(clients: Clients, signal: AbortSignal): Promise<Name[]> {
  const { vms } = await clients.of('vmd', VmServiceDefinition).listVms({}, { signal });
  return vms.map(({ name, state }) => ({ name, summary: lowerName(state, 'VM_STATE_') }));
}
