import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { getImage } from './get-image.ts';

import type { Imaged } from './ports.ts';
import { refuseDamaged } from './refuse-damaged.ts';

/** The image as a bundle. It may be deleted meanwhile; what was begun is finished. */
export async function* exportImage(
  imaged: Imaged,
  call: Call,
  reference: string,
): AsyncGenerator<Uint8Array, void> {
  const image = await getImage(imaged, reference);
  const { name, diskDigest, sizeBytes, config } = image;
  await refuseDamaged(imaged, image);
  if (diskDigest === undefined) {
    throw new BangerError(
      'OPERATION_REFUSED',
      `image "${name}" is only registered, its disk may change; take it over first with: banger image promote ${name}`,
      { metadata: { image: name } },
    );
  }
  const manifest = { name, disk: { digest: diskDigest, sizeBytes }, config };
  yield* imaged.bundles.pack(call, manifest, imaged.folders.files(image).disk);
}
