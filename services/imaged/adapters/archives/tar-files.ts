import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { ArchiveFiles } from './archive-files.ts';
import { type ArchivePlace, openPlainArchive } from './plain-archive.ts';
import { readRange } from './read-range.ts';
import { indexTar } from './tar-index.ts';

/** The files of an archive, read in place. */
export async function openTar(place: ArchivePlace): Promise<ArchiveFiles> {
  const files = await findTarFiles(place);
  if (files !== undefined) return files;
  throw new BangerError(
    'IMAGE_CORRUPT',
    `archive "${printableName(place.path)}" has too many members for an image; a root file system is spelled tar:FILE`,
  );
}

/** Undefined for a tar with so many members that it cannot be an image archive. */
export async function findTarFiles(place: ArchivePlace): Promise<ArchiveFiles | undefined> {
  const origin = `archive "${printableName(place.path)}"`;
  const file = await openPlainArchive(place);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => file.close());
  const index = await indexTar(file, origin);
  if (index === undefined) return undefined;
  const keep = undo.move();
  return {
    origin,
    async find(name) {
      const range = index.find(name);
      if (range === undefined) return undefined;
      return { sizeBytes: range.sizeBytes, read: () => readRange(file, range, origin) };
    },
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}
