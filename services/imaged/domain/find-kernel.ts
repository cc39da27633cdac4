import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { findNearest } from '#kit/nearest.ts';
import { DEFAULT_KERNEL, type Kernel, OWN_KERNEL } from './kernel.ts';
import type { Kernels } from './kernel-ports.ts';

const SHORTEST_PREFIX = 4;

/** The kernel of a name, an id, or a unique prefix of an id. */
export async function findKernel(kernels: Kernels, reference: string): Promise<Kernel> {
  const all = await kernels.store.list();
  const exact = all.find(({ id, name }) => name === reference || id === reference);
  if (exact !== undefined) return exact;
  const matching =
    reference.length < SHORTEST_PREFIX ? [] : all.filter(({ id }) => id.startsWith(reference));
  const [only, second] = matching;
  if (only !== undefined && second === undefined) return only;
  throw notFound(reference, all);
}

/** The kernel for a VM that names none. */
export async function chooseKernel(kernels: Kernels): Promise<Kernel> {
  const all = await kernels.store.list();
  const named = (wanted: string) => all.find(({ name }) => name === wanted);
  const chosen = named(OWN_KERNEL) ?? named(DEFAULT_KERNEL) ?? all[0];
  if (chosen !== undefined) return chosen;
  throw new BangerError(
    'KERNEL_NOT_FOUND',
    `there is no kernel yet; get one with: banger kernel pull ${DEFAULT_KERNEL}`,
  );
}

function notFound(reference: string, all: readonly Kernel[]): BangerError {
  const shown = printableName(reference);
  const near = findNearest(reference, [...all.map(({ name }) => name), DEFAULT_KERNEL]);
  const hint =
    near.length === 0
      ? 'see: banger kernel list --available'
      : `did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`;
  return new BangerError('KERNEL_NOT_FOUND', `no kernel "${shown}"; ${hint}`, {
    metadata: { kernel: shown },
  });
}
