import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { Digest } from './digest.ts';
import { CONFIG_LIMIT_BYTES, parseImageConfig } from './oci-config.ts';
import { type Descriptor, MANIFEST_LIMIT_BYTES, parseManifest } from './oci-manifest.ts';
import { choosePlatform, type Platform, wrongPlatform } from './platform.ts';
import type { ImageConfig } from './source-image.ts';

/** A manifest document as it was received, verified against its digest. */
export type ManifestDocument = {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  /** Undefined where the sender did not say or said something that fits any JSON. */
  readonly mediaType: string | undefined;
};

/** Reads a small document by its descriptor and verifies size and digest. */
export type ReadDocument = (descriptor: Descriptor, kind: 'manifest' | 'config') => Promise<Buffer>;

export type ResolvedImage = {
  readonly manifestDigest: Digest;
  readonly config: ImageConfig;
  readonly layers: readonly (Descriptor & { readonly diffId: Digest })[];
};

type ImageManifest = ReturnType<typeof parseManifest> & { readonly kind: 'image' };

/** Indexes may hold indexes; nobody publishes more than two levels. */
const INDEX_DEPTH_LIMIT = 4;

/** Follows the way from a first document over indexes to the one image that runs on the platform. */
export async function resolveImage(
  image: string,
  first: ManifestDocument,
  platform: Platform,
  read: ReadDocument,
): Promise<ResolvedImage> {
  const { digest, manifest } = await findImage(image, first, platform, read);
  checkSize(manifest.config, CONFIG_LIMIT_BYTES, `config of "${printableName(image)}"`);
  const bytes = await read(manifest.config, 'config');
  const {
    config,
    diffIds,
    platform: made,
  } = parseImageConfig(`config of "${printableName(image)}"`, bytes);
  checkPlatform(image, made, platform);
  return { manifestDigest: digest, config, layers: pairLayers(image, manifest.layers, diffIds) };
}

async function findImage(
  image: string,
  first: ManifestDocument,
  platform: Platform,
  read: ReadDocument,
): Promise<{ digest: Digest; manifest: ImageManifest }> {
  const document = `manifest of "${printableName(image)}"`;
  let current = first;
  for (let depth = 0; depth < INDEX_DEPTH_LIMIT; depth++) {
    const manifest = parseManifest(document, current.bytes, current.mediaType);
    if (manifest.kind === 'image') return { digest: current.digest, manifest };
    const entry = choosePlatform(manifest.entries, platform, image);
    checkSize(entry, MANIFEST_LIMIT_BYTES, document);
    current = { ...entry, bytes: await read(entry, 'manifest') };
  }
  throw new BangerError(
    'IMAGE_CORRUPT',
    `${document} is damaged: its indexes are nested more than ${INDEX_DEPTH_LIMIT} deep`,
  );
}

/** An empty field says nothing, and some tools leave both empty; a filled one is believed. */
export function checkPlatform(image: string, made: Platform, wanted: Platform): void {
  const fits =
    (made.os === '' || made.os === wanted.os) &&
    (made.architecture === '' || made.architecture === wanted.architecture);
  if (!fits) throw wrongPlatform(image, wanted, [made]);
}

/** Puts manifest and config together, which list the same layers in the same order. */
export function pairLayers<T extends object>(
  image: string,
  layers: readonly T[],
  diffIds: readonly Digest[],
): (T & { readonly diffId: Digest })[] {
  if (layers.length !== diffIds.length) {
    throw new BangerError(
      'IMAGE_CORRUPT',
      `image "${printableName(image)}" is damaged: its manifest has ${layers.length} layers, its config ${diffIds.length}`,
    );
  }
  return diffIds.flatMap((diffId, index) => {
    const layer = layers[index];
    return layer === undefined ? [] : [{ ...layer, diffId }];
  });
}

export function checkSize(
  { sizeBytes }: { sizeBytes: number },
  limitBytes: number,
  document: string,
): void {
  if (sizeBytes <= limitBytes) return;
  throw new BangerError(
    'IMAGE_CORRUPT',
    `${document} has ${sizeBytes} bytes; more than ${limitBytes} are not accepted`,
  );
}
