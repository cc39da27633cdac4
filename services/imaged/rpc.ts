import type { Rpc } from '#kit/rpc.ts';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';

export function imageService(): Rpc {
  return { definition: ImageServiceDefinition, implementation: {} };
}

export function kernelService(): Rpc {
  return { definition: KernelServiceDefinition, implementation: {} };
}
