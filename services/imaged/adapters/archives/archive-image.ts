import type { ImageSource } from '../../domain/image-source.ts';
import type { Platform } from '../../domain/platform.ts';
import type { SourceImage, SourceLayer } from '../../domain/source-image.ts';
import type { Wanted } from './archive-content.ts';
import type { ArchiveFiles } from './archive-files.ts';
import { readDockerArchive } from './docker-archive.ts';
import { openFolder } from './folder-files.ts';
import { readOciLayout } from './oci-layout.ts';
import type { ExpansionLimits } from './plain-archive.ts';
import { findTarFiles, openTar } from './tar-files.ts';

export type ArchiveSource = Extract<
  ImageSource,
  { kind: 'oci' | 'oci-archive' | 'docker-archive' }
>;

export type ArchiveOptions = {
  readonly platform: Platform;
  /** Where a compressed archive is expanded; nothing stays in it. */
  readonly scratchFolder: string;
  readonly signal: AbortSignal;
  readonly limits?: ExpansionLimits;
};

/** Opens an image that lies on this host, as a layout folder or as an archive. */
export async function openArchiveImage(
  source: ArchiveSource,
  options: ArchiveOptions,
): Promise<SourceImage> {
  const { kind, path, tag } = source;
  const files = await (kind === 'oci' ? openFolder(path) : openTar({ ...options, path }));
  return readImage(
    files,
    kind,
    { name: nameOf(source), tag, platform: options.platform },
    options.signal,
  );
}

/**
 * Opens a file of unknown kind, as it comes from standard input. Undefined when it is no image
 * archive: then it can only be the tar of a root file system.
 */
export async function findArchiveImage(
  path: string,
  options: ArchiveOptions,
): Promise<SourceImage | undefined> {
  const files = await findTarFiles({ ...options, path });
  if (files === undefined) return undefined;
  await using undo = new AsyncDisposableStack();
  undo.use(files);
  // New `docker save` archives are both, and only their Docker half is right in all versions.
  const isDocker = (await files.find('manifest.json')) !== undefined;
  if (!isDocker && (await files.find('oci-layout')) === undefined) return undefined;
  undo.move();
  const wanted = { name: 'standard input', tag: undefined, platform: options.platform };
  return await readImage(
    files,
    isDocker ? 'docker-archive' : 'oci-archive',
    wanted,
    options.signal,
  );
}

async function readImage(
  files: ArchiveFiles,
  kind: ArchiveSource['kind'],
  wanted: Wanted,
  signal: AbortSignal,
): Promise<SourceImage> {
  await using undo = new AsyncDisposableStack();
  undo.use(files);
  const read = kind === 'docker-archive' ? readDockerArchive : readOciLayout;
  const content = await read(files, wanted);
  const keep = undo.move();
  return {
    ...content,
    name: wanted.name,
    layers: content.layers.map((layer) => ({ ...layer, open: () => abortable(layer, signal) })),
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

async function* abortable(layer: SourceLayer, signal: AbortSignal): AsyncGenerator<Buffer> {
  for await (const chunk of layer.open()) {
    signal.throwIfAborted();
    yield chunk;
  }
}

function nameOf({ kind, path, tag }: ArchiveSource): string {
  return `${kind}:${path}${tag === undefined ? '' : `:${tag}`}`;
}
