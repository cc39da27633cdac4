import type { Readable } from 'node:stream';

/** One layer as it is stored. What a descriptor claims of it is verified while it streams by. */
export type LayerSource = {
  /** Of the stored bytes, as "sha256:…"; names the layer in errors. */
  readonly digest?: string;
  /** Set when the stored bytes were verified before, as those of a blob cache: hashing them costs time. */
  readonly digestVerified?: boolean;
  /** Of the decompressed bytes. */
  readonly diffId?: string;
  readonly mediaType?: string;
  readonly sizeBytes?: number;
  /** Called once. Chunks of about 1 MiB are best, and must not be reused by whoever made them. */
  open(): Readable | AsyncIterable<Buffer>;
};
