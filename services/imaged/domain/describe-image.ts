import type { Image, ListedImage } from './image.ts';
import type { Imaged, Lease } from './ports.ts';

/** An image with what is true of it at the moment. */
export async function describeImage(
  { folders }: Imaged,
  image: Image,
  leases: readonly Lease[],
): Promise<ListedImage> {
  const holders = leases.filter(({ imageId }) => imageId === image.id);
  return {
    image,
    allocatedBytes: await folders.allocatedBytes(image),
    vmIds: holders.map(({ vmId }) => vmId),
  };
}
