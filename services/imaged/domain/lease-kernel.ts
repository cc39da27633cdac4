import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import { chooseKernel, findKernel } from './find-kernel.ts';
import type { Kernel, KernelFiles } from './kernel.ts';
import type { Kernels } from './kernel-ports.ts';

/** Holds a kernel for a VM. A VM that holds one gets that again unless it names another. */
export async function leaseKernel(
  kernels: Kernels,
  call: Call,
  vmId: VmId,
  reference: string,
): Promise<{ kernel: Kernel; files: KernelFiles }> {
  const kernel =
    reference === ''
      ? ((await heldBy(kernels, vmId)) ?? (await chooseKernel(kernels)))
      : await findKernel(kernels, reference);
  // As for an image: whoever gave up releases next.
  call.signal.throwIfAborted();
  await kernels.store.lease(vmId, kernel.id);
  return { kernel, files: await kernels.folders.files(call, kernel) };
}

async function heldBy(kernels: Kernels, vmId: VmId): Promise<Kernel | undefined> {
  const lease = (await kernels.store.leases()).find((held) => held.vmId === vmId);
  return lease === undefined ? undefined : findKernel(kernels, lease.kernelId);
}
