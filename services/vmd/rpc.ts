import type { WithCall } from '#kit/call-middleware.ts';
import type { Rpc } from '#kit/rpc.ts';
import { VmServiceDefinition, type VmServiceImplementation } from '#proto/banger/v1/vm.ts';
import { listVms } from './domain/list-vms.ts';
import type { Vmd } from './domain/ports.ts';
import { toVmMessage } from './messages.ts';

export function vmService(vmd: Vmd): Rpc {
  const implementation: Partial<VmServiceImplementation<WithCall>> = {
    listVms: async () => ({ vms: (await listVms(vmd)).map(toVmMessage) }),
  };
  return { definition: VmServiceDefinition, implementation };
}
