import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { getImage } from './get-image.ts';
import type { Image } from './image.ts';
import type { Imaged } from './ports.ts';
import { refuseDamaged } from './refuse-damaged.ts';

/** Reads the whole disk and compares it with what it was when it was made. */
export async function verifyImage(
  imaged: Imaged,
  call: Call,
  reference: string,
  report: Report,
): Promise<Image> {
  const image = await getImage(imaged, reference);
  await refuseDamaged(imaged, image);
  const { disk } = imaged.folders.files(image);
  const found = await runStage(report, 'hash', (tell) => imaged.disks.hash(call, disk, tell));
  const { name, diskDigest } = image;
  // Of a registered disk nothing was promised but that it can be read.
  if (diskDigest === undefined || diskDigest === found.digest) return image;
  const damage = `its disk hashes to "${found.digest}", not to "${diskDigest}"`;
  await imaged.store.update({ ...image, damage });
  throw new BangerError(
    'IMAGE_CORRUPT',
    `image "${name}" is damaged: ${damage}; pull it again with --replace`,
    { metadata: { image: name, digest: found.digest } },
  );
}
