import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { compressionOf } from './sniff.ts';

export type ExpansionLimits = { readonly expandedBytes: number; readonly ratio: number };

/** Archives hold layers that are compressed themselves, or system files: both stay far below this. */
const LIMITS: ExpansionLimits = { expandedBytes: 64 * 2 ** 30, ratio: 200 };
/** Below this size a ratio says nothing. */
const RATIO_FREE_BYTES = 256 << 20;

export type ArchivePlace = {
  readonly path: string;
  /** Where a compressed archive is expanded, into a file without a name. */
  readonly scratchFolder: string;
  readonly signal: AbortSignal;
  readonly limits?: ExpansionLimits;
};

/** Opens an archive for reading at any place; `docker save | gzip` is expanded first. */
export async function openPlainArchive(place: ArchivePlace): Promise<FileHandle> {
  const file = await openRegularFile(place.path);
  try {
    const compression = await compressionOf(file, 0);
    if (compression === 'none') return file;
    const plain = await expand(file, compression, place);
    await file.close();
    return plain;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openRegularFile(path: string): Promise<FileHandle> {
  // Without O_NONBLOCK opening a named pipe would wait for its other end.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: unknown) => {
    throw unusable(path, 'cannot be opened; check its path and rights', error);
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw unusable(path, 'is not a file; an OCI layout folder is spelled oci:DIR');
}

async function expand(
  file: FileHandle,
  compression: 'gzip' | 'zstd',
  place: ArchivePlace,
): Promise<FileHandle> {
  const plain = await openNameless(place.scratchFolder);
  try {
    const { size } = await file.stat();
    await pipeline(
      file.createReadStream({ start: 0, autoClose: false, highWaterMark: 1 << 20 }),
      compression === 'gzip' ? createGunzip() : createZstdDecompress(),
      (chunks: AsyncIterable<Buffer>) => limitExpansion(chunks, size, place),
      (chunks: AsyncIterable<Buffer>) => writeAll(plain, chunks),
      { signal: place.signal },
    );
    return plain;
  } catch (error) {
    await plain.close();
    throw toExpansionFailure(error, place);
  }
}

/** A file that is gone as soon as it is closed, by a crash too. */
async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `archive-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await rm(path);
  return file;
}

async function* limitExpansion(
  chunks: AsyncIterable<Buffer>,
  compressedBytes: number,
  { path, limits = LIMITS }: ArchivePlace,
): AsyncGenerator<Buffer> {
  const byRatio = Math.max(RATIO_FREE_BYTES, compressedBytes * limits.ratio);
  const limitBytes = Math.min(limits.expandedBytes, byRatio);
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) {
      throw new BangerError(
        'IMAGE_CORRUPT',
        `archive "${printableName(path)}" expands to more than ${limitBytes} bytes; expand it yourself if you trust it`,
      );
    }
    yield chunk;
  }
}

async function writeAll(file: FileHandle, chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) await file.appendFile(chunk);
}

function toExpansionFailure(
  error: unknown,
  { path, scratchFolder, signal }: ArchivePlace,
): unknown {
  if (signal.aborted) return signal.reason;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (['ENOSPC', 'EDQUOT'].includes(code)) {
    return new BangerError(
      'DISK_FULL',
      `no space is left in "${scratchFolder}"; free some with: banger image cache prune`,
      { cause: error },
    );
  }
  if (!/^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)) return error;
  return new BangerError(
    'IMAGE_CORRUPT',
    `archive "${printableName(path)}" is damaged: it cannot be decompressed`,
    {
      cause: error,
    },
  );
}

function unusable(path: string, why: string, cause?: unknown): BangerError {
  return new BangerError('INVALID_FIELD', `archive "${printableName(path)}" ${why}`, { cause });
}
