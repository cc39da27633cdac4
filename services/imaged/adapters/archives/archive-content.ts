import type { Platform } from '../../domain/platform.ts';
import type { SourceImage } from '../../domain/source-image.ts';

/** Which image of an archive is wanted, and for what. */
export type Wanted = {
  /** How messages call it. */
  readonly name: string;
  readonly tag: string | undefined;
  readonly platform: Platform;
};

/** What either kind of archive says about the image: all of it but the name and the closing. */
export type ArchiveContent = Pick<SourceImage, 'manifestDigest' | 'config' | 'layers'>;
