import type { Rpc } from '#kit/rpc.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';

export function kernelService(): Rpc {
  return { definition: KernelServiceDefinition, implementation: {} };
}
