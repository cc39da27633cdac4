import { BangerError } from '#kit/errors.ts';
import { type Branded, type ImageName, printableName, type VmId } from '#kit/names.ts';
import type { Digest } from './digest.ts';
import type { ImageConfig } from './source-image.ts';

export type ImageId = Branded<'ImageId'>;

/** A disk that VMs start from. It never changes: a name that is pulled again points at another image. */
export type Image = {
  readonly id: ImageId;
  readonly name: ImageName;
  /** As whoever asked for it spelled it; a registered image has none. */
  readonly source: string;
  /** Names what the source held: digest of a manifest, an archive, a recipe. Empty for a registered image. */
  readonly sourceDigest: string;
  /** Absent for a registered image, whose file is somebody else's. */
  readonly diskDigest: Digest | undefined;
  readonly sizeBytes: number;
  /** Where a registered image's disk lies; empty for a disk of our own. */
  readonly registeredPath: string;
  readonly config: ImageConfig;
  /** Path of the init program in the image; empty when it has none. */
  readonly init: string;
  readonly createdAt: Date;
  /** Another image has taken over its name; it goes when the last VM that holds it does. */
  readonly isSuperseded: boolean;
  /** Why no VM can start from it; empty when one can. */
  readonly damage: string;
};

/** An image and what is true of it at the moment. */
export type ListedImage = {
  readonly image: Image;
  readonly allocatedBytes: number;
  readonly vmIds: readonly VmId[];
};

/** Ids are made by us: 16 lower-case hexadecimal digits, so that one is safe as a folder's name. */
export function parseImageId(text: string): ImageId {
  if (isImageId(text)) return text;
  throw new BangerError('INVALID_REFERENCE', `"${printableName(text)}" is not the id of an image`);
}

export function isImageId(text: string): text is ImageId {
  return /^[0-9a-f]{16}$/.test(text);
}

export function isManaged({ registeredPath }: Image): boolean {
  return registeredPath === '';
}

/** Where an image goes whose name another one takes while VMs hold it. */
export function supersededName({ name, id }: Image): ImageName {
  // A name has room for 128 characters, an id takes 16 of them.
  return `${name.slice(0, 100).replace(/[._-]+$/, '')}-${id}` as ImageName;
}

/** What is known of an image that comes without any word on how to run it. */
export function emptyConfig(architecture: string): ImageConfig {
  return {
    entrypoint: [],
    cmd: [],
    env: [],
    user: '',
    workingDir: '',
    exposedPorts: [],
    labels: {},
    architecture,
    os: 'linux',
  };
}
