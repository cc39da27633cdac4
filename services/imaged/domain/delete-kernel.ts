import type { Call } from '#kit/call.ts';
import { findKernel } from './find-kernel.ts';
import type { Kernels } from './kernel-ports.ts';

/** Refused while a VM holds it. The row goes first: what is left of the folder after a crash is swept. */
export async function deleteKernel(kernels: Kernels, call: Call, reference: string): Promise<void> {
  const { name } = await findKernel(kernels, reference);
  await kernels.locks.with(name, call.signal, async () => {
    const kernel = await findKernel(kernels, reference);
    await kernels.store.remove(kernel.id);
    await kernels.folders.remove(kernel.id);
  });
}
