import { describeImage } from './describe-image.ts';
import type { ListedImage } from './image.ts';
import type { Imaged } from './ports.ts';

/** Everything that is published, by name. */
export async function listImages(imaged: Imaged): Promise<ListedImage[]> {
  const [images, leases] = await Promise.all([imaged.store.list(), imaged.store.leases()]);
  return Promise.all(images.map((image) => describeImage(imaged, image, leases)));
}
