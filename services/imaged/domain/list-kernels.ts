import type { Kernel, KernelUse } from './kernel.ts';
import type { Kernels } from './kernel-ports.ts';

/** All kernels with what they take and who holds them, by name. */
export async function listKernels(kernels: Kernels): Promise<KernelUse[]> {
  const all = await kernels.store.list();
  return Promise.all(all.map((kernel) => withUse(kernels, kernel)));
}

export async function withUse(kernels: Kernels, kernel: Kernel): Promise<KernelUse> {
  return {
    ...kernel,
    allocatedBytes: await kernels.folders.allocatedBytes(kernel.id),
    vmIds: await kernels.store.holders(kernel.id),
  };
}
