import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { formatSize } from '#kit/size.ts';
import type { Tell } from '#kit/stages.ts';
import { toDigest } from '../domain/digest.ts';
import type { SpooledFile } from '../domain/ports.ts';
import { toStorageFailure } from './registry/storage-failure.ts';

export type Spool = {
  readonly folder: string;
  /** The most that is taken; a stream does not say beforehand how long it is. */
  readonly limitBytes: number;
};

/** Writes what comes in small pieces only when this much has come. */
const BUFFER_BYTES = 2 ** 20;

/** Keeps a stream as a file, hashed on the way. */
export async function spoolBytes(
  call: Call,
  bytes: AsyncIterable<Uint8Array>,
  { folder, limitBytes }: Spool,
  tell: Tell,
): Promise<SpooledFile> {
  const path = join(folder, 'received');
  const hash = createHash('sha256');
  let done = 0;
  await using file = await open(path, 'wx', 0o600);
  for await (const chunk of gather(bytes)) {
    call.signal.throwIfAborted();
    done += chunk.length;
    if (done > limitBytes) throw tooLong(limitBytes);
    hash.update(chunk);
    await write(file, chunk, path);
    tell('', { done, total: 0, unit: 'bytes' });
  }
  return { path, digest: toDigest(hash.digest('hex')), sizeBytes: done };
}

async function* gather(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let gathered = 0;
  for await (const part of bytes) {
    parts.push(part);
    gathered += part.length;
    if (gathered < BUFFER_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    gathered = 0;
  }
  if (gathered > 0) yield Buffer.concat(parts);
}

async function write(file: FileHandle, chunk: Buffer, path: string): Promise<void> {
  try {
    await file.appendFile(chunk);
  } catch (error) {
    throw toStorageFailure(error, path);
  }
}

function tooLong(limitBytes: number): BangerError {
  return new BangerError(
    'INVALID_SIZE',
    `more than ${formatSize(limitBytes)} were sent, which is not accepted; raise archive_limit in the table [imaged] of the configuration`,
    { metadata: { limitBytes: String(limitBytes) } },
  );
}
