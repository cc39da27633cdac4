import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { getImage } from './get-image.ts';
import type { Imaged } from './ports.ts';

/**
 * Deletes an image that no VM holds. Order matters: the record goes first, in the transaction that looks for
 * holders; a folder that a crash leaves behind is reconcile's to remove.
 */
export async function deleteImage(imaged: Imaged, call: Call, reference: string): Promise<void> {
  const { id, name } = await getImage(imaged, reference);
  if (imaged.locks.isHeld(name)) {
    throw new BangerError(
      'IMAGE_IN_USE',
      `image "${name}" is being made anew; wait for that, or end it with: banger operations cancel`,
      { metadata: { image: name } },
    );
  }
  if (!(await imaged.store.remove(id))) {
    throw new BangerError('IMAGE_NOT_FOUND', `image "${name}" was deleted meanwhile`, {
      metadata: { image: name },
    });
  }
  call.log.info('image deleted', { image: id, name });
  await imaged.folders.remove(id);
}
