import type { Call } from '#kit/call.ts';
import { parseImageName } from '#kit/names.ts';
import type { Report } from '#kit/stages.ts';
import { type Kernel, OWN_KERNEL } from './kernel.ts';
import type { Kernels } from './kernel-ports.ts';
import { makeKernel } from './make-kernel.ts';

export type BuildKernel = { readonly name: string; readonly replace: boolean };

/** Builds our own kernel from the distribution's source package. One that is here stays unless it is to be replaced. */
export function buildKernel(
  kernels: Kernels,
  call: Call,
  { name, replace }: BuildKernel,
  report: Report,
): Promise<Kernel> {
  const making = {
    name: parseImageName(name === '' ? OWN_KERNEL : name),
    replace,
    present: 'answer' as const,
    key: 'build',
    stage: kernels.sources.fromSource,
  };
  return makeKernel(kernels, call, making, report);
}
