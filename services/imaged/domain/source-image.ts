import type { Digest } from './digest.ts';

/**
 * An image that is ready to be read, wherever it comes from: registry, layout folder or archive.
 * It holds files open and blobs in the cache until it is disposed of.
 */
export type SourceImage = AsyncDisposable & {
  /** What the source calls the image, for messages. */
  readonly name: string;
  /**
   * The digest that names exactly this image for this platform. A `docker save` archive has no
   * manifest: there it is the image id, which is the digest of the config.
   */
  readonly manifestDigest: Digest;
  readonly config: ImageConfig;
  /** Lowest first. The same layer may occur twice. */
  readonly layers: readonly SourceLayer[];
};

export type SourceLayer = {
  /** Digest of the bytes that `open` gives. */
  readonly digest: Digest;
  /** Announced, not sniffed; `layerCompression` tells what it means. */
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Digest of the layer's tar once decompressed; whoever decompresses it checks it. */
  readonly diffId: Digest;
  /**
   * The layer's bytes as stored. The iteration throws `IMAGE_CORRUPT` where they do not match the
   * digest, and only an iteration that ended by itself has verified them: read to the end, also
   * past the end of the tar, before anything made of the layer is published.
   */
  open(): AsyncIterable<Buffer>;
};

/** How the image wants to be run. Absent texts are empty, absent lists have no members. */
export type ImageConfig = {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value` each, in the image's order. */
  readonly env: readonly string[];
  readonly user: string;
  readonly workingDir: string;
  /** Such as `80/tcp` or `8000-8010/udp`. */
  readonly exposedPorts: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly architecture: string;
  readonly os: string;
};

/** How far one blob has come. A resumed one does not start at zero. */
export type BlobProgress = {
  readonly digest: Digest;
  readonly doneBytes: number;
  readonly totalBytes: number;
};
