import type { Call } from '#kit/call.ts';
import type { KeyedLock } from '#kit/keyed-lock.ts';
import type { ImageName, VmId } from '#kit/names.ts';
import type { Operations } from '#kit/operations.ts';
import type { Tell } from '#kit/stages.ts';
import type { Catalogues } from './catalogue.ts';
import type { Credentials } from './credentials.ts';
import type { Digest } from './digest.ts';
import type { Image, ImageId } from './image.ts';
import type { Platform } from './platform.ts';
import type { Recipes } from './recipe.ts';
import type { Reference } from './reference.ts';
import type { SharedWork } from './shared-work.ts';
import type { BlobProgress, ImageConfig, SourceImage, SourceLayer } from './source-image.ts';

/** All that the verbs of imaged work on. */
export type Imaged = {
  store: ImageStore;
  folders: ImageFolders;
  disks: Disks;
  registry: Registry;
  archives: Archives;
  bundles: Bundles;
  catalogues: Catalogues;
  recipes: Recipes;
  blobs: Blobs;
  host: Host;
  settings: ImagedSettings;
  operations: Operations;
  /** What several callers want at once is made once. */
  making: SharedWork<Image>;
  /** One image at a time is made under a name; held for as long as that takes. */
  locks: KeyedLock<ImageName>;
};

export type Lease = { readonly vmId: VmId; readonly imageId: ImageId | undefined };

/** Durable records. Every call is one transaction. */
export type ImageStore = {
  /** By name. */
  list(): Promise<Image[]>;
  find(id: ImageId): Promise<Image | undefined>;
  findByName(name: ImageName): Promise<Image | undefined>;
  /**
   * Adds an image under its name. One that has the name makes room if `replace` says so: it is removed and
   * answered, or, while VMs hold it, kept under another name. Otherwise fails with IMAGE_EXISTS.
   */
  publish(image: Image, replace: boolean): Promise<ImageId | undefined>;
  update(image: Image): Promise<void>;
  /** Fails with IMAGE_IN_USE, which names the VMs; false when there is no such image. */
  remove(id: ImageId): Promise<boolean>;
  /** Fails with IMAGE_NOT_FOUND, and with OPERATION_REFUSED when the VM holds another image. */
  lease(vmId: VmId, imageId: ImageId): Promise<void>;
  /** Answers the image that nothing needed any more and that was removed. */
  release(vmId: VmId): Promise<ImageId | undefined>;
  /** A VM that holds nothing but a kernel is listed without an image. */
  leases(): Promise<Lease[]>;
};

export type ImageFiles = { readonly disk: string; readonly seed: string };

/** A folder that nobody else sees, for making an image in. Gone when it is disposed of. */
export type StagedFolder = AsyncDisposable & {
  readonly folder: string;
  readonly files: ImageFiles;
  /** Makes all that is in it last, and gives it its place in one step. */
  publish(image: Image): Promise<void>;
};

/** One folder for each image: its disk, unless that is registered, its seed and its manifest. */
export type ImageFolders = {
  stage(): Promise<StagedFolder>;
  files(image: Image): ImageFiles;
  hasFiles(image: Image): Promise<boolean>;
  allocatedBytes(image: Image): Promise<number>;
  remove(id: ImageId): Promise<void>;
  /** Images that have a folder, known or not. */
  list(): Promise<ImageId[]>;
  /** Removes what a crash left; only before anything is staged. Answers what could not be removed. */
  sweep(): Promise<string[]>;
};

/** A layer as the merger wants it: where nothing is claimed of it, nothing is verified. */
export type DiskLayer = Partial<Omit<SourceLayer, 'open'>> & Pick<SourceLayer, 'open'>;

export type DiskPlan = {
  readonly path: string;
  /** The same identity and the same layers give the same bytes. */
  readonly identity: string;
  readonly freeBytes: number;
};

export type HashedFile = { readonly digest: Digest; readonly sizeBytes: number };

/** Root file systems: made from layers, looked into, copied, hashed. */
export type Disks = {
  build(call: Call, layers: readonly DiskLayer[], plan: DiskPlan, tell: Tell): Promise<void>;
  /** Makes the seed from a disk's /root and answers the path of its init. Fails with IMAGE_CORRUPT. */
  extractSeed(call: Call, files: ImageFiles): Promise<string>;
  hash(call: Call, path: string, tell: Tell): Promise<HashedFile>;
  copy(call: Call, from: string, to: string, tell: Tell): Promise<HashedFile>;
  /** Answers the size of a disk of somebody else's; fails with INVALID_FIELD unless it is a plain file. */
  measure(path: string): Promise<number>;
};

export type RegistryPull = {
  readonly platform: Platform;
  readonly signal: AbortSignal;
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly insecure: boolean;
  readonly onProgress: (progress: BlobProgress) => void;
};

export type Registry = {
  openImage(reference: Reference, pull: RegistryPull): Promise<SourceImage>;
};

export type ArchiveKind = 'oci-archive' | 'docker-archive' | 'unknown';

export type SpooledFile = HashedFile & { readonly path: string };

/** What a caller streams. */
export type Archives = {
  /** Keeps the bytes in the folder. Fails with INVALID_SIZE when they are too many, and with DISK_FULL. */
  spool(
    call: Call,
    bytes: AsyncIterable<Uint8Array>,
    folder: string,
    tell: Tell,
  ): Promise<SpooledFile>;
  /** Undefined for a file of unknown kind that is no image archive; then it is a root file system's tar. */
  open(call: Call, file: SpooledFile, wanted: ArchiveWanted): Promise<SourceImage | undefined>;
  /** A tar of a root file system as the one layer it is. */
  toLayer(file: SpooledFile): DiskLayer;
};

export type ArchiveWanted = {
  readonly kind: ArchiveKind;
  readonly tag: string | undefined;
  readonly scratchFolder: string;
};

/** What a bundle says about itself, none of it trusted before its bytes bear it out. */
export type BundleManifest = {
  readonly name: ImageName;
  readonly disk: HashedFile;
  readonly config: ImageConfig;
};

/** An image as one file: a tar.zst of manifest and disk. */
export type Bundles = {
  pack(call: Call, manifest: BundleManifest, disk: string): AsyncIterable<Uint8Array>;
  readManifest(call: Call, bundle: SpooledFile): Promise<BundleManifest>;
  /** Writes the disk. Fails with IMAGE_CORRUPT unless it is what the manifest says. */
  unpack(call: Call, bundle: SpooledFile, disk: string, tell: Tell): Promise<BundleManifest>;
};

export type BlobUsage = {
  readonly blobs: number;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
};

/** The cache of layers. */
export type Blobs = {
  readonly folder: string;
  usage(): Promise<BlobUsage>;
  /** Removes what no running pull uses, and answers what that was. */
  prune(dryRun: boolean): Promise<BlobUsage>;
};

/** The machine that all this runs on. */
export type Host = {
  readonly platform: Platform;
  now(): Date;
  newId(): ImageId;
  /** Free bytes of the file system that images are on. */
  freeBytes(): Promise<number>;
  hasTool(name: string): Promise<boolean>;
};

/** What the configuration says of images. */
export type ImagedSettings = {
  /** Free space in a new image's file system. VMs grow theirs, so this is for what happens before. */
  freeBytes: number;
};
