import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Clients } from '../clients.ts';
import { lowerName } from '../output/enum.ts';

export type Name = { name: string; summary: string };

/** What of a kind exists now, for completion. */
export function listNames(
  kind: 'vm' | 'image' | 'kernel',
  clients: Clients,
  signal: AbortSignal,
): Promise<Name[]> {
  const list = { vm: listVmNames, image: listImageNames, kernel: listKernelNames };
  return list[kind](clients, signal);
}

async function listImageNames(clients: Clients, signal: AbortSignal): Promise<Name[]> {
  const service = clients.of('imaged', ImageServiceDefinition);
  const { images } = await service.listImages({}, { signal });
  return images.map(({ name, source }) => ({ name, summary: source }));
}

async function listKernelNames(clients: Clients, signal: AbortSignal): Promise<Name[]> {
  const service = clients.of('imaged', KernelServiceDefinition);
  const { kernels } = await service.listKernels({}, { signal });
  return kernels.map(({ name, release }) => ({ name, summary: release }));
}

async function listVmNames(clients: Clients, signal: AbortSignal): Promise<Name[]> {
  const { vms } = await clients.of('vmd', VmServiceDefinition).listVms({}, { signal });
  return vms.map(({ name, state }) => ({ name, summary: lowerName(state, 'VM_STATE_') }));
}
