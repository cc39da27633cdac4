import type { Call } from '#kit/call.ts';
import { findKernel } from './find-kernel.ts';
import type { Kernels } from './kernel-ports.ts';

/** A kernel as a bundle. */
export async function* exportKernel(
  kernels: Kernels,
  call: Call,
  reference: string,
): AsyncGenerator<Uint8Array> {
  yield* kernels.folders.pack(call, await findKernel(kernels, reference));
}
