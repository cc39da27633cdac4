import { type Digest, digestOf } from '../domain/digest.ts';
import { seededBytes } from './seeded-random.ts';

/** An image made of documents and blobs in memory; its layers need not be tars for those who pass them on. */
export type ImageFixture = {
  readonly manifest: Buffer;
  readonly manifestType: string;
  readonly digest: Digest;
  readonly layers: readonly Buffer[];
  readonly blobs: ReadonlyMap<Digest, Buffer>;
};

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

export type FixtureOptions = {
  readonly layers?: readonly Buffer[];
  readonly architecture?: string;
  readonly process?: object;
  /** Changes to the manifest before it is written. */
  readonly manifest?: object;
};

export function makeImage(options: FixtureOptions = {}): ImageFixture {
  const { layers = [seededBytes(70_000, 1), seededBytes(3000, 2)], architecture = 'amd64' } =
    options;
  const config = toJson({
    os: 'linux',
    architecture,
    config: options.process ?? { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
  });
  const manifest = toJson({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describe(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => describe(layer, 'application/vnd.oci.image.layer.v1.tar')),
    ...options.manifest,
  });
  const blobs = new Map([config, ...layers].map((blob) => [digestOf(blob), blob]));
  return { manifest, manifestType: OCI_MANIFEST, digest: digestOf(manifest), layers, blobs };
}

export function makeIndex(entries: readonly object[]): Buffer {
  return toJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries });
}

export function describe(bytes: Buffer, mediaType: string): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

export function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
