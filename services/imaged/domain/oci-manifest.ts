import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { Digest } from './digest.ts';
import {
  isPresent,
  type JsonField,
  member,
  parseJson,
  toDigestField,
  toEntries,
  toList,
  toSizeBytes,
  toText,
  toTextOr,
  wrongField,
} from './json-field.ts';
import { isLayerType } from './layer-type.ts';
import type { Platform } from './platform.ts';

export type Descriptor = {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
};

export type IndexEntry = Descriptor & {
  readonly platform: Platform | undefined;
  readonly annotations: ReadonlyMap<string, string>;
};

export type Manifest =
  | { readonly kind: 'index'; readonly entries: readonly IndexEntry[] }
  | { readonly kind: 'image'; readonly config: Descriptor; readonly layers: readonly Descriptor[] };

export const INDEX_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
export const IMAGE_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];
const SCHEMA1_TYPE = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

export const MANIFEST_LIMIT_BYTES = 4 << 20;
/** Docker stops at 127; more than this is no image but an attack on whoever keeps the list. */
export const LAYER_LIMIT = 1000;

/**
 * Parses an image index or an image manifest, of the OCI or of Docker.
 * `announced` is the media type the sender gave. A document that is not plainly the one or the other
 * is refused: two programs reading it differently would agree on a digest but not on an image
 * (GHSA-77vh-xpmg-72qh).
 */
export function parseManifest(document: string, bytes: Uint8Array, announced?: string): Manifest {
  const root = parseJson(document, bytes);
  const kind = manifestKind(root, announced);
  return kind === 'index' ? parseIndex(root) : parseImage(root);
}

function manifestKind(root: JsonField, announced: string | undefined): Manifest['kind'] {
  const type = toTextOr(member(root, 'mediaType'), announced ?? '');
  checkSchema(root, type);
  if (announced !== undefined && type !== announced) {
    const expected = `"${printableName(announced)}", which it was announced as`;
    throw wrongField(member(root, 'mediaType'), expected);
  }
  // The OCI lets documents omit their type; then the fields tell.
  const kind = type === '' ? kindOfFields(root) : kindOfType(type);
  if (kind === undefined) {
    throw unsupported(
      root,
      `is of the unknown type "${printableName(type)}"; only container images can be pulled`,
    );
  }
  const foreign = (kind === 'index' ? ['config', 'layers'] : ['manifests'])
    .map((name) => member(root, name))
    .find(isPresent);
  if (foreign !== undefined) throw wrongField(foreign, `absent in an ${kind} manifest`);
  return kind;
}

function checkSchema(root: JsonField, type: string): void {
  const version = member(root, 'schemaVersion');
  if (version.value === 1 || SCHEMA1_TYPE.test(type) || isPresent(member(root, 'fsLayers'))) {
    throw unsupported(root, 'is in the obsolete schema 1 format; ask for it to be pushed again');
  }
  if (version.value !== 2) throw wrongField(version, '2');
}

function kindOfType(type: string): Manifest['kind'] | undefined {
  if (INDEX_TYPES.includes(type)) return 'index';
  return IMAGE_TYPES.includes(type) ? 'image' : undefined;
}

function kindOfFields(root: JsonField): Manifest['kind'] | undefined {
  if (isPresent(member(root, 'manifests'))) return 'index';
  return isPresent(member(root, 'layers')) ? 'image' : undefined;
}

function parseIndex(root: JsonField): Manifest {
  const entries = toList(member(root, 'manifests')).map((field) => ({
    ...parseDescriptor(field),
    platform: parsePlatform(member(field, 'platform')),
    annotations: new Map(
      toEntries(member(field, 'annotations')).map(([name, value]) => [name, toText(value)]),
    ),
  }));
  return { kind: 'index', entries };
}

function parseImage(root: JsonField): Manifest {
  const config = parseDescriptor(member(root, 'config'));
  if (!CONFIG_TYPES.includes(config.mediaType)) {
    throw unsupported(
      root,
      `holds "${printableName(config.mediaType)}", which is not a container image`,
    );
  }
  const layerList = member(root, 'layers');
  const layers = toList(layerList).map(parseDescriptor);
  if (layers.length > LAYER_LIMIT) throw wrongField(layerList, `at most ${LAYER_LIMIT} layers`);
  const other = layers.find((layer) => !isLayerType(layer.mediaType));
  if (other !== undefined) {
    throw unsupported(
      root,
      `has a layer of type "${printableName(other.mediaType)}", which is no file system`,
    );
  }
  return { kind: 'image', config, layers };
}

function parseDescriptor(field: JsonField): Descriptor {
  return {
    mediaType: toText(member(field, 'mediaType')),
    digest: toDigestField(member(field, 'digest')),
    sizeBytes: toSizeBytes(member(field, 'size')),
  };
}

function parsePlatform(field: JsonField): Platform | undefined {
  if (!isPresent(field)) return undefined;
  return {
    os: toTextOr(member(field, 'os'), ''),
    architecture: toTextOr(member(field, 'architecture'), ''),
    variant: toTextOr(member(field, 'variant'), '') || undefined,
  };
}

function unsupported(root: JsonField, why: string): BangerError {
  return new BangerError('FEATURE_UNSUPPORTED', `${root.document} ${why}`);
}
