import type { Call } from '#kit/call.ts';
import { type Report, runStage } from '#kit/stages.ts';
import type { Written } from '../make-image.ts';
import type { DiskLayer, DiskPlan, Imaged } from '../ports.ts';
import type { ImageConfig } from '../source-image.ts';

/** The last part of every origin that comes as layers: they become a disk, and the disk gets its digest. */
export async function writeLayers(
  imaged: Imaged,
  call: Call,
  image: { layers: readonly DiskLayer[]; config: ImageConfig; plan: DiskPlan },
  report: Report,
): Promise<Written> {
  const { layers, config, plan } = image;
  const freeBytes = plan.freeBytes === 0 ? imaged.settings.freeBytes : plan.freeBytes;
  await runStage(report, 'disk', (tell) =>
    imaged.disks.build(call, layers, { ...plan, freeBytes }, tell),
  );
  const hashed = await runStage(report, 'hash', (tell) => imaged.disks.hash(call, plan.path, tell));
  return { ...hashed, config };
}
