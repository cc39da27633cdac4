import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import { getImage } from './get-image.ts';
import type { Image } from './image.ts';
import type { Imaged, ImageFiles } from './ports.ts';
import { refuseDamaged } from './refuse-damaged.ts';

export type LeasedImage = { readonly image: Image; readonly files: ImageFiles };

/** Holds an image for a VM: while it does, the image's files stay where they are. */
export async function leaseImage(
  imaged: Imaged,
  call: Call,
  vmId: VmId,
  reference: string,
): Promise<LeasedImage> {
  const image = await getImage(imaged, reference);
  await refuseDamaged(imaged, image);
  // Whoever gave up releases next, and what is held after that is held for nobody.
  call.signal.throwIfAborted();
  await imaged.store.lease(vmId, image.id);
  return { image, files: imaged.folders.files(image) };
}
