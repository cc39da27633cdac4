import type { Call } from '#kit/call.ts';
import type { ImageName } from '#kit/names.ts';
import type { Tell } from '#kit/stages.ts';
import type { Digest } from './digest.ts';
import type { SpooledFile } from './ports.ts';

/** A bundle that somebody offers. */
export type CatalogueEntry = {
  readonly kind: 'image' | 'kernel';
  readonly name: ImageName;
  readonly description: string;
  readonly architecture: string;
  /** Of the bundle; what arrives is compared with it before anything is expanded. */
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Where the bundle is: a URL, or a path when the catalogue is one. */
  readonly location: string;
  /** The catalogue, as it is configured. */
  readonly origin: string;
};

/** The configured catalogues, read anew each time: they are small, and they change. */
export type Catalogues = {
  /** What there is for this host, first catalogue first. One that cannot be read fails with SERVICE_UNAVAILABLE. */
  list(call: Call, kind: CatalogueEntry['kind']): Promise<CatalogueEntry[]>;
  /** Those that can be read, for who wants to see what there is; the others are in the log. */
  listReadable(call: Call, kind: CatalogueEntry['kind']): Promise<CatalogueEntry[]>;
  /** Brings the bundle into the folder, bounded and verified. */
  download(call: Call, entry: CatalogueEntry, folder: string, tell: Tell): Promise<SpooledFile>;
};
