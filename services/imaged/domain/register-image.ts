import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type ImageName, printableName } from '#kit/names.ts';
import { undo } from '#kit/undo.ts';
import { emptyConfig, type Image } from './image.ts';
import { nameTaken, newImage, publishImage } from './make-image.ts';
import type { Imaged } from './ports.ts';

export type RegisterImage = { readonly name: ImageName; readonly path: string };

/** Names a disk of the host. Only a seed is made of it; the disk stays where it is and is never written. */
export function registerImage(
  imaged: Imaged,
  call: Call,
  { name, path }: RegisterImage,
): Promise<Image> {
  if (!path.startsWith('/') || path.includes('\0')) {
    throw new BangerError('INVALID_FIELD', `"${printableName(path)}" is not an absolute path`, {
      metadata: { field: 'path' },
    });
  }
  return imaged.locks.with(name, call.signal, async () => {
    const existing = await imaged.store.findByName(name);
    if (existing?.registeredPath === path && existing.damage === '') return existing;
    if (existing !== undefined) throw nameTaken(existing);
    const sizeBytes = await imaged.disks.measure(path);
    await using undoing = new AsyncDisposableStack();
    const staged = await imaged.folders.stage();
    undoing.defer(undo(call.log, 'remove staging', () => staged[Symbol.asyncDispose]()));
    const files = { disk: path, seed: staged.files.seed };
    const init = await imaged.disks.extractSeed(call, files);
    const config = emptyConfig(imaged.host.platform.architecture);
    const made = { source: '', sourceDigest: '', diskDigest: undefined, sizeBytes, config, init };
    return await publishImage(imaged, call, staged, newImage(imaged, name, made, path), false);
  });
}
