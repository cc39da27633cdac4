import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type ImageName, parseImageName } from '#kit/names.ts';
import { findNearest } from '#kit/nearest.ts';
import type { Report } from '#kit/stages.ts';
import { DEFAULT_KERNEL, type Kernel, OWN_KERNEL } from './kernel.ts';
import type { Kernels, StagedKernel } from './kernel-ports.ts';
import { PACKAGED_KERNELS } from './list-available-kernels.ts';
import { makeKernel } from './make-kernel.ts';

export type PullKernel = { readonly name: string; readonly replace: boolean };

/** Makes a kernel available under its name: from the distribution's package, or from a catalogue. */
export async function pullKernel(
  kernels: Kernels,
  call: Call,
  wanted: PullKernel,
  report: Report,
): Promise<Kernel> {
  const name = parseImageName(wanted.name === '' ? DEFAULT_KERNEL : wanted.name);
  const making = {
    name,
    replace: wanted.replace,
    present: 'answer' as const,
    key: 'pull',
    stage: (inner: Call, tell: Report) => stage(kernels, inner, name, tell),
  };
  return makeKernel(kernels, call, making, report);
}

async function stage(
  kernels: Kernels,
  call: Call,
  name: ImageName,
  report: Report,
): Promise<StagedKernel> {
  const packaged = PACKAGED_KERNELS.find((known) => known.name === name);
  if (packaged !== undefined) return kernels.sources.fromPackage(call, packaged.package, report);
  const entries = await kernels.catalogues.list(call, 'kernel');
  const entry = entries.find((known) => known.name === name);
  if (entry !== undefined) return kernels.sources.fromCatalogue(call, entry, report);
  throw unknownKernel(
    name,
    [...PACKAGED_KERNELS, ...entries].map((known) => known.name),
  );
}

function unknownKernel(name: ImageName, known: readonly string[]): BangerError {
  const near = findNearest(name, known).map((each) => `"${each}"`);
  const hint =
    near.length === 0
      ? 'see: banger kernel list --available'
      : `did you mean ${near.join(' or ')}?`;
  const next = name === OWN_KERNEL ? 'make it with: banger kernel build' : hint;
  return new BangerError('KERNEL_NOT_FOUND', `no kernel "${name}" can be pulled; ${next}`, {
    metadata: { kernel: name },
  });
}
