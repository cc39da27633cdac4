import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { programRoot } from '#kit/program.ts';
import { formatSize } from '#kit/size.ts';
import { type Report, runStage } from '#kit/stages.ts';
import type { StagedKernel } from '../../domain/kernel-ports.ts';
import { checkCompiler, compileKernel } from './compile-kernel.ts';
import { configureKernel } from './configure-kernel.ts';
import { unpackKernelSource } from './source-package.ts';
import { type StageTools, stageKernel } from './stage-kernel.ts';

/** What our own kernel is made of; the comments in it are its manual. */
export const FRAGMENT = join(programRoot(), 'deploy/kernel/banger-6.1.config');

/** Source and object files together. */
const SCRATCH_BYTES = 4 * 2 ** 30;

/** Builds our own kernel; all of it but the result is gone afterwards. */
export async function stageFromSource(
  tools: StageTools,
  call: Call,
  report: Report,
): Promise<StagedKernel> {
  await checkCompiler(call);
  await using scratch = await tools.begin();
  await checkSpace(scratch.folder);
  const source = await runStage(report, 'source', (tell) =>
    unpackKernelSource(call, scratch.folder, tell),
  );
  await runStage(report, 'configure', () => configureKernel(call, source.folder, FRAGMENT));
  const image = await runStage(report, 'compile', (tell) => compileKernel(call, source, tell));
  return await stageKernel(tools, call, { source: source.name, image });
}

async function checkSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= SCRATCH_BYTES) return;
  throw new BangerError(
    'DISK_FULL',
    `building a kernel takes ${formatSize(SCRATCH_BYTES)} for a while, and ${formatSize(bavail * bsize)} are free`,
  );
}
