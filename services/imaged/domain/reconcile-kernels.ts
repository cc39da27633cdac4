import type { Call } from '#kit/call.ts';
import type { Kernels } from './kernel-ports.ts';

/** Removes folders that no record knows: a crash came between the rename and the row, or the other way round. */
export async function reconcileKernels(kernels: Kernels, call: Call): Promise<void> {
  const known = new Set((await kernels.store.list()).map(({ id }) => id));
  for (const id of await kernels.folders.list()) {
    if (known.has(id)) continue;
    call.log.info('orphan kernel removed', { kernel: id });
    await kernels.folders.remove(id);
  }
}
