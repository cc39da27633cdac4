import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { checkSize } from '../../domain/resolve-image.ts';

/**
 * The files of a layout folder or of an archive, by their names in it. A name that a document in the
 * archive gives is looked up here and nowhere else: it never becomes a path on this host.
 */
export type ArchiveFiles = AsyncDisposable & {
  /** How messages call it: `archive "image.tar"`. */
  readonly origin: string;
  find(name: string): Promise<ArchiveFile | undefined>;
};

export type ArchiveFile = {
  readonly sizeBytes: number;
  read(): AsyncIterable<Buffer>;
};

export async function getFile(files: ArchiveFiles, name: string): Promise<ArchiveFile> {
  const file = await files.find(name);
  if (file !== undefined) return file;
  throw new BangerError(
    'IMAGE_CORRUPT',
    `${files.origin} is damaged: it has no "${printableName(name)}"`,
    {
      metadata: { file: name },
    },
  );
}

/** Reads a small file as a whole, and refuses a big one before the first byte. */
export async function readFile(
  files: ArchiveFiles,
  name: string,
  limitBytes: number,
): Promise<Buffer> {
  const file = await getFile(files, name);
  checkSize(file, limitBytes, `file "${printableName(name)}" of ${files.origin}`);
  const chunks: Buffer[] = [];
  for await (const chunk of file.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
