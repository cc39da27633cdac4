import { BangerError } from '#kit/errors.ts';
import { type Image, isManaged } from './image.ts';
import type { Imaged } from './ports.ts';

const MISSING = 'its disk is missing';

/** Why no VM can start from an image, as of now: files come and go, most of all those that are only registered. */
export async function findDamage({ folders }: Imaged, image: Image): Promise<string> {
  if (!(await folders.hasFiles(image))) return MISSING;
  return image.damage === MISSING ? '' : image.damage;
}

export async function refuseDamaged(imaged: Imaged, image: Image): Promise<void> {
  const damage = await findDamage(imaged, image);
  if (damage === '') return;
  const { name } = image;
  const next = isManaged(image)
    ? 'pull it again with --replace'
    : `put the disk back, or delete it with: banger image delete ${name}`;
  throw new BangerError('IMAGE_CORRUPT', `image "${name}" cannot be used: ${damage}; ${next}`, {
    metadata: { image: name },
  });
}
