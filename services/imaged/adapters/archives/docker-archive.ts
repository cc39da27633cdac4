import { createHash } from 'node:crypto';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { type Digest, digestOf, toDigest } from '../../domain/digest.ts';
import {
  member,
  parseJson,
  toList,
  toListOrNone,
  toText,
  wrongField,
} from '../../domain/json-field.ts';
import { CONFIG_LIMIT_BYTES, parseImageConfig } from '../../domain/oci-config.ts';
import { LAYER_LIMIT, MANIFEST_LIMIT_BYTES } from '../../domain/oci-manifest.ts';
import { formatReference, parseReference } from '../../domain/reference.ts';
import { checkPlatform, pairLayers } from '../../domain/resolve-image.ts';
import { checkDigest, verifyBlob } from '../../domain/verify-blob.ts';
import type { ArchiveContent, Wanted } from './archive-content.ts';
import { type ArchiveFile, type ArchiveFiles, getFile, readFile } from './archive-files.ts';
import { sniffCompression } from './sniff.ts';

type SavedImage = {
  readonly config: string;
  readonly tags: readonly string[];
  readonly layers: readonly string[];
};

const LAYER_TYPES = {
  none: 'application/vnd.docker.image.rootfs.diff.tar',
  gzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  zstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
} as const;

/**
 * Finds an image in what `docker save` wrote. Its manifest.json is what counts in every version:
 * newer ones have an OCI index beside it, which Docker 25 wrote wrongly (moby#47065, moby#47210).
 */
export async function readDockerArchive(
  files: ArchiveFiles,
  wanted: Wanted,
): Promise<ArchiveContent> {
  const saved = chooseImage(await readSavedImages(files), wanted, files.origin);
  const bytes = await readFile(files, saved.config, CONFIG_LIMIT_BYTES);
  const imageId = checkConfigName(saved.config, bytes, files.origin);
  const document = `file "${printableName(saved.config)}" of ${files.origin}`;
  const { config, diffIds, platform } = parseImageConfig(document, bytes);
  checkPlatform(wanted.name, platform, wanted.platform);
  const named = saved.layers.map((name) => ({ name }));
  const layers: ArchiveContent['layers'][number][] = [];
  for (const { name, diffId } of pairLayers(wanted.name, named, diffIds)) {
    layers.push(await toLayer(files, name, diffId));
  }
  return { manifestDigest: imageId, config, layers };
}

async function readSavedImages(files: ArchiveFiles): Promise<SavedImage[]> {
  const document = `file "manifest.json" of ${files.origin}`;
  const root = parseJson(document, await readFile(files, 'manifest.json', MANIFEST_LIMIT_BYTES));
  return toList(root).map((field) => {
    const layers = toListOrNone(member(field, 'Layers'));
    if (layers.length > LAYER_LIMIT) {
      throw wrongField(member(field, 'Layers'), `at most ${LAYER_LIMIT} layers`);
    }
    return {
      config: toText(member(field, 'Config')),
      tags: toListOrNone(member(field, 'RepoTags')).map(toText),
      layers: layers.map(toText),
    };
  });
}

function chooseImage(images: readonly SavedImage[], { tag }: Wanted, origin: string): SavedImage {
  const reference = tag === undefined ? undefined : formatReference(parseReference(tag));
  const found = images.filter(
    ({ tags }) => reference === undefined || tags.some((text) => isSame(text, reference)),
  );
  const [image] = found;
  if (image !== undefined && found.length === 1) return image;
  const names = images.flatMap(({ tags }) => tags).slice(0, 20);
  const list =
    names.length === 0
      ? 'nothing with a name'
      : names.map((name) => `"${printableName(name)}"`).join(', ');
  if (image === undefined) {
    const what = tag === undefined ? 'no image' : `no image "${printableName(tag)}"`;
    throw new BangerError('IMAGE_NOT_FOUND', `${origin} holds ${what}; it has: ${list}`);
  }
  throw new BangerError(
    'INVALID_REFERENCE',
    `${origin} holds several images; add one of these after a colon: ${list}`,
  );
}

/** The archive's tags are foreign text: one that is no reference is simply not the one asked for. */
function isSame(text: string, reference: string): boolean {
  try {
    return formatReference(parseReference(text)) === reference;
  } catch {
    return text === reference;
  }
}

/** All versions name the config after its digest, in one of three spellings; such a promise is held. */
function checkConfigName(name: string, bytes: Buffer, origin: string): Digest {
  const imageId = digestOf(bytes);
  const match = /(?:^|[/:])([0-9a-f]{64})(?:\.json)?$/.exec(name);
  if (match?.[1] !== undefined) {
    const promised = { digest: toDigest(match[1]), sizeBytes: bytes.length };
    checkDigest(promised, imageId, origin);
  }
  return imageId;
}

async function toLayer(
  files: ArchiveFiles,
  name: string,
  diffId: Digest,
): Promise<ArchiveContent['layers'][number]> {
  const file = await getFile(files, name);
  const compression = sniffCompression(await readStart(file));
  // Plain layers are known by the config. Of compressed ones nothing is said but what they expand to.
  const digest = compression === 'none' ? diffId : await hash(file);
  const { sizeBytes } = file;
  const open = (): AsyncIterable<Buffer> =>
    verifyBlob(file.read(), { digest, sizeBytes }, files.origin);
  return { digest, mediaType: LAYER_TYPES[compression], sizeBytes, diffId, open };
}

async function readStart(file: ArchiveFile): Promise<Buffer> {
  for await (const chunk of file.read()) return chunk.subarray(0, 4);
  return Buffer.alloc(0);
}

async function hash(file: ArchiveFile): Promise<Digest> {
  const sha256 = createHash('sha256');
  for await (const chunk of file.read()) sha256.update(chunk);
  return toDigest(sha256.digest('hex'));
}
