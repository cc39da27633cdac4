import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { ImageName } from '#kit/names.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { undo } from '#kit/undo.ts';
import type { Image } from './image.ts';
import type { HashedFile, Imaged, StagedFolder } from './ports.ts';
import type { ImageConfig } from './source-image.ts';

/** A source that has been found and says what it is, before any of it becomes a disk. */
export type Origin = AsyncDisposable & {
  readonly digest: string;
  /** Writes the disk. */
  write(call: Call, disk: string, report: Report): Promise<Written>;
};

export type Written = HashedFile & { readonly config: ImageConfig };

export type Making = {
  readonly name: ImageName;
  /** As the record keeps it. */
  readonly source: string;
  readonly replace: boolean;
  /** Take what has the name, whatever it was made from. */
  readonly ifAbsent: boolean;
  /** Make it also when the name's image was made from the very same source. */
  readonly again: boolean;
  /** Callers with the same key want the same and share the work. */
  readonly key: string;
  /** Finds the source. What it needs on the disk meanwhile it puts into the folder. */
  open(call: Call, folder: string, report: Report): Promise<Origin>;
};

/**
 * Makes an image and publishes it under its name. Whoever wants the same meanwhile joins; who wants something
 * else under that name waits until this is settled. Different names do not wait for each other.
 */
export function makeImage(
  imaged: Imaged,
  call: Call,
  making: Making,
  report: Report,
): Promise<Image> {
  const key = JSON.stringify([making.name, making.source, making.key]);
  return imaged.making.join(key, call, report, (inner, tell) =>
    imaged.locks.with(making.name, inner.signal, () => make(imaged, inner, making, tell)),
  );
}

async function make(imaged: Imaged, call: Call, making: Making, report: Report): Promise<Image> {
  const existing = await imaged.store.findByName(making.name);
  const usable = existing?.damage === '' ? existing : undefined;
  if (usable !== undefined && making.ifAbsent) return usable;
  await using undoing = new AsyncDisposableStack();
  const staged = await imaged.folders.stage();
  undoing.defer(undo(call.log, 'remove staging', () => staged[Symbol.asyncDispose]()));
  const origin = await making.open(call, staged.folder, report);
  undoing.defer(undo(call.log, 'close source', () => origin[Symbol.asyncDispose]()));
  if (usable !== undefined && !making.again && usable.sourceDigest === origin.digest) return usable;
  if (usable !== undefined && !making.replace) throw nameTaken(usable);
  const written = await origin.write(call, staged.files.disk, report);
  const init = await runStage(report, 'seed', () => imaged.disks.extractSeed(call, staged.files));
  const { name, source } = making;
  const { digest: diskDigest, sizeBytes, config } = written;
  const made = { source, sourceDigest: origin.digest, diskDigest, sizeBytes, config, init };
  const image = newImage(imaged, name, made);
  // A damaged image keeps nobody from pulling it again.
  const replace = making.replace || existing !== usable;
  return await runStage(report, 'publish', () =>
    publishImage(imaged, call, staged, image, replace),
  );
}

export type Made = Pick<
  Image,
  'source' | 'sourceDigest' | 'diskDigest' | 'sizeBytes' | 'config' | 'init'
>;

export function newImage(imaged: Imaged, name: ImageName, made: Made, registeredPath = ''): Image {
  return {
    ...made,
    id: imaged.host.newId(),
    name,
    registeredPath,
    createdAt: imaged.host.now(),
    isSuperseded: false,
    damage: '',
  };
}

/**
 * The one moment at which an image comes to be. Order matters: the folder gets its place before the record
 * says so, and a folder without a record is what reconcile removes after a crash.
 */
export async function publishImage(
  imaged: Imaged,
  call: Call,
  staged: StagedFolder,
  image: Image,
  replace: boolean,
): Promise<Image> {
  call.signal.throwIfAborted();
  await using undoing = new AsyncDisposableStack();
  undoing.defer(undo(call.log, 'remove image', () => imaged.folders.remove(image.id)));
  await staged.publish(image);
  const replaced = await imaged.store.publish(image, replace);
  undoing.move();
  call.log.info('image published', { image: image.id, name: image.name });
  if (replaced !== undefined) {
    await undo(call.log, 'remove replaced image', () => imaged.folders.remove(replaced))();
  }
  return image;
}

export function nameTaken({ name, source, registeredPath }: Image): BangerError {
  const origin = source === '' ? registeredPath : source;
  return new BangerError(
    'IMAGE_EXISTS',
    `there is an image "${name}" already, made from "${origin}"; choose another name with --name, or replace it with --replace`,
    { metadata: { image: name } },
  );
}
