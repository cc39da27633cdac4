import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { getImage } from './get-image.ts';
import { type Image, isManaged } from './image.ts';
import { makeImage, type Origin } from './make-image.ts';
import type { Imaged } from './ports.ts';
import { refuseDamaged } from './refuse-damaged.ts';

/**
 * Copies a registered disk into the store. The name then points at the copy; VMs that were made from the
 * registered disk keep it.
 */
export async function promoteImage(
  imaged: Imaged,
  call: Call,
  reference: string,
  report: Report,
): Promise<Image> {
  const image = await getImage(imaged, reference);
  if (isManaged(image)) return image;
  await refuseDamaged(imaged, image);
  const making = {
    name: image.name,
    source: image.registeredPath,
    replace: true,
    ifAbsent: false,
    again: true,
    key: image.id,
    async open() {
      const current = await imaged.store.findByName(image.name);
      if (current?.id === image.id) return copyOrigin(imaged, image);
      throw new BangerError('IMAGE_NOT_FOUND', `image "${image.name}" was replaced meanwhile`);
    },
  };
  return makeImage(imaged, call, making, report);
}

function copyOrigin({ disks }: Imaged, { registeredPath, config, id }: Image): Origin {
  return {
    digest: `registered:${id}`,
    async write(call, path, report) {
      const copied = await runStage(report, 'copy', (tell) =>
        disks.copy(call, registeredPath, path, tell),
      );
      return { ...copied, config };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
