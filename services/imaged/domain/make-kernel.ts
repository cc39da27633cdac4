import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { ImageName } from '#kit/names.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { undo } from '#kit/undo.ts';
import type { Kernel } from './kernel.ts';
import type { Kernels, StagedKernel } from './kernel-ports.ts';

export type MakeKernel = {
  readonly name: ImageName;
  readonly replace: boolean;
  /** What becomes of a kernel that has the name already and is not to be replaced. */
  readonly present: 'answer' | 'refuse';
  /** Callers with the same key want the same and share the work. */
  readonly key: string;
  stage(call: Call, report: Report): Promise<StagedKernel>;
};

/** Makes a kernel available under its name; callers that want the same one at once share the work. */
export function makeKernel(
  kernels: Kernels,
  call: Call,
  making: MakeKernel,
  report: Report,
): Promise<Kernel> {
  const { name, replace, key } = making;
  return kernels.making.join(JSON.stringify([name, replace, key]), call, report, (shared, tell) =>
    kernels.locks.with(name, shared.signal, () => make(kernels, shared, making, tell)),
  );
}

async function make(
  kernels: Kernels,
  call: Call,
  { name, replace, present, stage }: MakeKernel,
  report: Report,
): Promise<Kernel> {
  const before = (await kernels.store.list()).find((kernel) => kernel.name === name);
  if (before !== undefined && !replace) {
    if (present === 'answer') return before;
    throw nameTaken(before);
  }
  // Told before the work and not after it, which may have taken minutes.
  if (before !== undefined) await refuseHeld(kernels, before);
  await using undoing = new AsyncDisposableStack();
  const staged = await stage(call, report);
  undoing.defer(undo(call.log, 'remove staging', () => staged[Symbol.asyncDispose]()));
  return await runStage(report, 'publish', () => publish(kernels, call, name, staged));
}

/** Order matters: a row without a folder would be a kernel that cannot boot; a folder without a row is swept. */
async function publish(
  kernels: Kernels,
  call: Call,
  name: ImageName,
  staged: StagedKernel,
): Promise<Kernel> {
  const { release, source, digest, architecture, drivers } = staged;
  const parts = { release, source, digest, architecture, drivers };
  const kernel: Kernel = { ...parts, id: kernels.newId(), name, createdAt: kernels.now() };
  call.signal.throwIfAborted();
  await using undoing = new AsyncDisposableStack();
  undoing.defer(undo(call.log, 'remove kernel', () => kernels.folders.remove(kernel.id)));
  await staged.publish(kernel);
  const replaced = await kernels.store.publish(kernel);
  undoing.move();
  call.log.info('kernel published', { kernel: kernel.id, name });
  if (replaced !== undefined) {
    await undo(call.log, 'remove replaced kernel', () => kernels.folders.remove(replaced.id))();
  }
  return kernel;
}

async function refuseHeld(kernels: Kernels, { id, name }: Kernel): Promise<void> {
  const vmIds = await kernels.store.holders(id);
  if (vmIds.length === 0) return;
  throw new BangerError(
    'IMAGE_IN_USE',
    `kernel "${name}" is in use by vm ${vmIds.join(', ')}; delete that first, or choose another name`,
    { metadata: { kernel: name, vms: vmIds.join(',') } },
  );
}

function nameTaken({ name, source }: Kernel): BangerError {
  return new BangerError(
    'KERNEL_EXISTS',
    `there is a kernel "${name}" already, made from "${source}"; choose another name, or replace it with --replace`,
    { metadata: { kernel: name } },
  );
}
