import type { Call } from '#kit/call.ts';
import type { ImageName } from '#kit/names.ts';
import type { Report } from '#kit/stages.ts';
import type { Kernel } from './kernel.ts';
import type { Kernels } from './kernel-ports.ts';
import { makeKernel } from './make-kernel.ts';

export type ImportKernel = {
  readonly name: ImageName;
  readonly replace: boolean;
  readonly from: { readonly package: string } | { readonly bytes: AsyncIterable<Uint8Array> };
};

/** Takes a kernel of the caller's choice: a distribution package by its name, or what the caller streams. */
export function importKernel(
  kernels: Kernels,
  call: Call,
  { name, replace, from }: ImportKernel,
  report: Report,
): Promise<Kernel> {
  const { sources } = kernels;
  const making = {
    ...{ name, replace },
    present: 'refuse' as const,
    // Nobody else has the bytes of this stream.
    key: 'package' in from ? `package ${from.package}` : call.opId,
    stage: (inner: Call, tell: Report) =>
      'package' in from
        ? sources.fromPackage(inner, from.package, tell)
        : sources.fromBytes(inner, from.bytes, tell),
  };
  return makeKernel(kernels, call, making, report);
}
