import { BangerError } from '#kit/errors.ts';
import { type Image, isManaged } from './image.ts';
import type { Imaged } from './ports.ts';

/** Somebody may have removed a file behind our back, most of all one that was only registered. */
export async function refuseDamaged({ folders }: Imaged, image: Image): Promise<void> {
  const why = image.damage !== '' || (await folders.hasFiles(image)) ? image.damage : MISSING;
  if (why === '') return;
  const { name } = image;
  const next = isManaged(image)
    ? 'pull it again with --replace'
    : `delete it with: banger image delete ${name}`;
  throw new BangerError('IMAGE_CORRUPT', `image "${name}" cannot be used: ${why}; ${next}`, {
    metadata: { image: name },
  });
}

export const MISSING = 'its disk is missing';
