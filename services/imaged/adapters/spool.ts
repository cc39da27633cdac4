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
const PIECE_BYTES = 2 ** 20;

/** Keeps a stream as a file, hashed on the way. Each piece is written while the next one comes. */
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
  let writing = Promise.resolve();
  for await (const piece of gather(bytes)) {
    call.signal.throwIfAborted();
    done += piece.length;
    if (done > limitBytes) throw tooLong(limitBytes);
    hash.update(piece);
    await writing;
    writing = write(file, piece, path);
    // Its failure is met by the next wait; who stops before that does not want to hear of it.
    writing.catch(() => undefined);
    tell('', { done, total: 0, unit: 'bytes' });
  }
  await writing;
  return { path, digest: toDigest(hash.digest('hex')), sizeBytes: done };
}

/** Large pieces, in two buffers by turns: each is good until the one after the next is asked for. */
async function* gather(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let [filling, other] = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)];
  let filled = 0;
  for await (const part of bytes) {
    for (let at = 0; at < part.length; ) {
      const fits = part.subarray(at, at + PIECE_BYTES - filled);
      filling.set(fits, filled);
      filled += fits.length;
      at += fits.length;
      if (filled < PIECE_BYTES) break;
      yield filling;
      [filling, other] = [other, filling];
      filled = 0;
    }
  }
  if (filled > 0) yield filling.subarray(0, filled);
}

async function write(file: FileHandle, piece: Buffer, path: string): Promise<void> {
  try {
    await file.appendFile(piece);
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
