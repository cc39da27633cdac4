import type { Log } from '#kit/log.ts';
import type { Image } from './image.ts';
import type { Imaged } from './ports.ts';
import { findDamage } from './refuse-damaged.ts';

/** Makes records and folders agree, before anybody is listened to: what a crash left half made goes. */
export async function reconcile(imaged: Imaged, log: Log): Promise<void> {
  for (const path of await imaged.folders.sweep()) {
    log.warn('what a crash left could not be removed', { path });
  }
  for (const image of await imaged.store.list()) await reconcileImage(imaged, log, image);
  const known = new Set((await imaged.store.list()).map(({ id }) => id));
  for (const id of await imaged.folders.list()) {
    if (known.has(id)) continue;
    log.info('image without a record removed', { image: id });
    await imaged.folders.remove(id);
  }
}

async function reconcileImage(imaged: Imaged, log: Log, image: Image): Promise<void> {
  const { store } = imaged;
  const leases = await store.leases();
  if (image.isSuperseded && !leases.some(({ imageId }) => imageId === image.id)) {
    await store.remove(image.id);
    return;
  }
  const damage = await findDamage(imaged, image);
  if (damage === image.damage) return;
  log.warn('image changed behind our back', { image: image.id, damage });
  await store.update({ ...image, damage });
}
