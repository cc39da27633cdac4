import { parseImageName } from '#kit/names.ts';
import { type ImportKernelStart, Kernel as KernelMessage } from '#proto/banger/v1/kernel.ts';
import type { ImportKernel } from '../domain/import-kernel.ts';
import type { KernelUse } from '../domain/kernel.ts';

export function toKernelMessage({ drivers, vmIds, ...kernel }: KernelUse): KernelMessage {
  return KernelMessage.fromPartial({ ...kernel, drivers: [...drivers], vmIds: [...vmIds] });
}

export function parseImportKernel(
  { name, replace, package: packageName }: ImportKernelStart,
  bytes: AsyncIterable<Uint8Array>,
): ImportKernel {
  const from = packageName === '' ? { bytes } : { package: packageName };
  return { name: parseImageName(name), replace, from };
}
