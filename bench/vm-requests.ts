import type { CreateVmResponse, Vm } from '#proto/banger/v1/vm.ts';
import type { VmHouse } from './vm-house.ts';

export type Wanted = { image: string; kernel: string };

/** The distribution's kernel, which every machine that can run banger has. */
export const CLOUD_KERNEL = 'debian-cloud';
export const BUSYBOX: Wanted = { image: 'busybox', kernel: CLOUD_KERNEL };
export const DEBIAN: Wanted = { image: 'debian-bookworm', kernel: CLOUD_KERNEL };

export const MEMORY_MIB = 256;

type CreateRequest = Parameters<VmHouse['vms']['createVm']>[0];

export function createRequest(wanted: Wanted, more: CreateRequest = {}): CreateRequest {
  return { ...wanted, settings: { vcpus: 1, memoryMib: MEMORY_MIB }, ...more };
}

/** The machine that a create ends with. */
export async function createdVm(stream: AsyncIterable<CreateVmResponse>): Promise<Vm> {
  let made: Vm | undefined;
  for await (const { part } of stream) if (part?.$case === 'vm') made = part.value;
  if (made === undefined) throw new Error('vmd made no machine');
  return made;
}

/** Reads a stream of stages to its end. */
export async function finish(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

/** Runs a command in a machine and answers as soon as it has written something. */
export async function awaitFirstByte({ vms }: VmHouse, vm: string): Promise<void> {
  for await (const { part } of vms.execVm(execRequests(vm, ['echo', 'first']))) {
    if (part?.$case === 'stdout') return;
  }
  throw new Error('the command wrote nothing');
}

export async function* execRequests(vm: string, command: readonly string[]) {
  yield { part: { $case: 'start' as const, value: { vm, arguments: [...command] } } };
}
