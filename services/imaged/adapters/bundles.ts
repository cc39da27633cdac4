import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { Tell } from '#kit/stages.ts';
import type { BundleManifest, Bundles, SpooledFile } from '../domain/ports.ts';
import {
  formatBundleManifest,
  MANIFEST_LIMIT_BYTES,
  parseBundleManifest,
} from './bundle-manifest.ts';
import { BundleReader } from './bundle-reader.ts';
import { memberHeader, paddingAfter, TAR_END } from './bundle-tar.ts';
import { SparseFile } from './sparse-file.ts';

const MANIFEST = 'manifest.json';
const DISK = 'disk.ext4';
const CHUNK_BYTES = 2 ** 20;
/** What a message of a stream carries well. */
const PACKED_CHUNK_BYTES = 64 * 1024;

/** Bundles: a tar.zst of exactly two members, the manifest first, because it says what the disk must be. */
export function createBundles(): Bundles {
  return {
    pack: packBundle,
    readManifest: (call, bundle) =>
      reading(call, bundle, async (reader) => parseBundleManifest(await readManifest(reader))),
    unpack: (call, bundle, disk, tell) =>
      reading(call, bundle, (reader) => unpack(reader, disk, tell)),
  };
}

async function* packBundle(
  { signal }: Call,
  manifest: BundleManifest,
  disk: string,
): AsyncGenerator<Uint8Array> {
  const packed = createZstdCompress({ chunkSize: PACKED_CHUNK_BYTES });
  const packing = pipeline(Readable.from(membersOf(manifest, disk)), packed, { signal });
  // Its failure destroys the stream, which tells whoever reads it.
  packing.catch(() => undefined);
  yield* packed as AsyncIterable<Buffer>;
  await packing;
}

async function* membersOf(manifest: BundleManifest, disk: string): AsyncGenerator<Buffer> {
  const head = formatBundleManifest(manifest);
  yield memberHeader(MANIFEST, head.length);
  yield head;
  yield paddingAfter(head.length);
  const { sizeBytes } = manifest.disk;
  yield memberHeader(DISK, sizeBytes);
  let sent = 0;
  for await (const chunk of createReadStream(disk, { highWaterMark: CHUNK_BYTES })) {
    sent += (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (sent !== sizeBytes) {
    throw new BangerError(
      'IMAGE_CORRUPT',
      `the disk of image "${manifest.name}" has ${sent} bytes and had ${sizeBytes}; see: banger image verify ${manifest.name}`,
    );
  }
  yield paddingAfter(sizeBytes);
  yield TAR_END;
}

/** Decompresses as far as the work reads, and no further. */
async function reading<Result>(
  { signal }: Call,
  { path }: SpooledFile,
  work: (reader: BundleReader) => Promise<Result>,
): Promise<Result> {
  const stored = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const plain = createZstdDecompress({ chunkSize: CHUNK_BYTES });
  const stop = new AbortController();
  const decompressing = pipeline(stored, plain, { signal: AbortSignal.any([signal, stop.signal]) });
  decompressing.catch(() => undefined);
  try {
    return await work(new BundleReader(plain));
  } catch (error) {
    signal.throwIfAborted();
    throw toBundleFailure(error);
  } finally {
    stop.abort();
    await decompressing.catch(() => undefined);
  }
}

function readManifest(reader: BundleReader): Promise<Buffer> {
  return reader.readMember(MANIFEST, MANIFEST_LIMIT_BYTES);
}

async function unpack(reader: BundleReader, path: string, tell: Tell): Promise<BundleManifest> {
  const manifest = parseBundleManifest(await readManifest(reader));
  const { digest, sizeBytes: total } = manifest.disk;
  await using disk = await SparseFile.create(path);
  let done = 0;
  for await (const chunk of reader.streamMember(DISK, total)) {
    await disk.append(chunk);
    done += chunk.length;
    tell('', { done, total, unit: 'bytes' });
  }
  await reader.end();
  const found = await disk.finish();
  if (found.digest === digest) return manifest;
  throw new BangerError(
    'IMAGE_CORRUPT',
    `the disk in the bundle hashes to "${found.digest}", not to "${digest}" as its manifest says; get it again`,
    { metadata: { digest: found.digest } },
  );
}

function toBundleFailure(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)) return error;
  return new BangerError('IMAGE_CORRUPT', 'the bundle is damaged: it cannot be decompressed', {
    cause: error,
  });
}
