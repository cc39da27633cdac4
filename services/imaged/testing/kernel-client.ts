import type { ImportKernelStart, Kernel } from '#proto/banger/v1/kernel.ts';
import type { Stage } from '#proto/banger/v1/types.ts';
import type { ImagedProcess } from './imaged-process.ts';

type Part = { $case: 'stage'; value: Stage } | { $case: 'kernel'; value: Kernel };

export type Made = { readonly kernel: Kernel; readonly stages: readonly Stage[] };

/** The end of a long verb on kernels, with the stages that were told. */
export async function collectKernel(
  parts: AsyncIterable<{ part?: Part | undefined }>,
  onStage: (stage: Stage) => void = () => undefined,
): Promise<Made> {
  const stages: Stage[] = [];
  let kernel: Kernel | undefined;
  for await (const { part } of parts) {
    if (part?.$case === 'kernel') kernel = part.value;
    if (part?.$case !== 'stage') continue;
    stages.push(part.value);
    onStage(part.value);
  }
  if (kernel === undefined) throw new Error('no kernel came');
  return { kernel, stages };
}

export async function importKernel(
  { kernels }: Pick<ImagedProcess, 'kernels'>,
  start: Partial<ImportKernelStart>,
  bytes: Buffer = Buffer.alloc(0),
): Promise<Kernel> {
  const { kernel } = await collectKernel(kernels.importKernel(requests(start, bytes)));
  return kernel;
}

export async function* requests(start: Partial<ImportKernelStart>, bytes: Buffer) {
  yield { part: { $case: 'start' as const, value: start } };
  for (let at = 0; at < bytes.length; at += 64 * 1024) {
    yield { part: { $case: 'chunk' as const, value: bytes.subarray(at, at + 64 * 1024) } };
  }
}
