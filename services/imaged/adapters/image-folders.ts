import { constants } from 'node:fs';
import { access, chmod, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '#kit/atomic-file.ts';
import { type Image, isImageId, isManaged } from '../domain/image.ts';
import type { ImageFiles, ImageFolders, StagedFolder } from '../domain/ports.ts';
import { formatImageRecord } from './image-record.ts';
import { nameFullDisk } from './name-full-disk.ts';
import type { Staged, Staging } from './staging.ts';

/** Whoever runs VMs reads them; nobody writes them, not even we. */
const FILE_MODE = 0o440;
const FOLDER_MODE = 0o750;

/** The staging lies beside the images, on the same file system. */
export function createImageFolders(root: string, staging: Staging): ImageFolders {
  const folderOf = (id: string) => join(root, id);
  const filesOf = (image: Image) => {
    const { disk, seed } = filesIn(folderOf(image.id));
    return { disk: isManaged(image) ? disk : image.registeredPath, seed };
  };
  return {
    async stage() {
      const staged = await nameFullDisk('images', () => staging.begin());
      return toStagedFolder(staged, folderOf);
    },
    files: filesOf,
    hasFiles: async (image) =>
      (await Promise.all(Object.values(filesOf(image)).map(isReadable))).every(Boolean),
    async allocatedBytes(image) {
      const sizes = await Promise.all(Object.values(filesOf(image)).map(allocatedBytes));
      return sizes.reduce((total, bytes) => total + bytes, 0);
    },
    remove: (id) => rm(folderOf(id), { recursive: true, force: true }),
    async list() {
      await mkdir(root, { recursive: true, mode: FOLDER_MODE });
      return (await readdir(root)).filter((name) => isImageId(name));
    },
    sweep: () => staging.sweep(),
  };
}

function toStagedFolder(staged: Staged, folderOf: (id: string) => string): StagedFolder {
  const { folder } = staged;
  const files = filesIn(folder);
  return {
    folder,
    files,
    publish: (image) =>
      nameFullDisk('images', () => publish(staged, files, folderOf(image.id), image)),
    [Symbol.asyncDispose]: () => staged[Symbol.asyncDispose](),
  };
}

async function publish(
  staged: Staged,
  files: ImageFiles,
  target: string,
  image: Image,
): Promise<void> {
  const { folder } = staged;
  const made = isManaged(image) ? [files.disk, files.seed] : [files.seed];
  await writeFileAtomic(join(folder, 'manifest.json'), formatImageRecord(image), FILE_MODE);
  await Promise.all(made.map(settle));
  await removeOthers(folder);
  await chmod(folder, FOLDER_MODE);
  await staged.publish(target);
}

function filesIn(folder: string): ImageFiles {
  return { disk: join(folder, 'disk.ext4'), seed: join(folder, 'seed.ext4') };
}

/** A folder is published whole or not at all, also by a loss of power: the bytes are on the disk before it is. */
async function settle(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.chmod(FILE_MODE);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What a source needed meanwhile, such as the archive that was streamed, is no part of the image. */
async function removeOthers(folder: string): Promise<void> {
  const kept = ['disk.ext4', 'seed.ext4', 'manifest.json'];
  for (const name of await readdir(folder)) {
    if (!kept.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function allocatedBytes(path: string): Promise<number> {
  return stat(path).then(
    ({ blocks }) => blocks * 512,
    () => 0,
  );
}
