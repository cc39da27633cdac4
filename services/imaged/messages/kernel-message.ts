import { Kernel as KernelMessage } from '#proto/banger/v1/kernel.ts';
import type { KernelUse } from '../domain/kernel.ts';

export function toKernelMessage({ drivers, vmIds, ...kernel }: KernelUse): KernelMessage {
  return KernelMessage.fromPartial({ ...kernel, drivers: [...drivers], vmIds: [...vmIds] });
}
