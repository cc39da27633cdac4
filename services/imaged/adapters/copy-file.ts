import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Call } from '#kit/call.ts';
import type { Tell } from '#kit/stages.ts';
import { toDigest } from '../domain/digest.ts';
import type { HashedFile } from '../domain/ports.ts';
import { SparseFile } from './sparse-file.ts';

const CHUNK_BYTES = 2 ** 20;
/** Without O_NONBLOCK opening a named pipe would wait for its other end. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export async function hashFile(call: Call, path: string, tell: Tell): Promise<HashedFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of readFile(call, path, tell)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { digest: toDigest(hash.digest('hex')), sizeBytes };
}

/** Copies holes as holes, whatever the file system below says of them. */
export async function copyFile(
  call: Call,
  from: string,
  to: string,
  tell: Tell,
): Promise<HashedFile> {
  await using target = await SparseFile.create(to);
  for await (const chunk of readFile(call, from, tell)) await target.append(chunk);
  return await target.finish();
}

/** Each chunk is good until the next one is asked for, which is read meanwhile. */
async function* readFile(call: Call, path: string, tell: Tell): AsyncGenerator<Buffer> {
  await using file = await open(path, FLAGS);
  const { size: total } = await file.stat();
  const buffers = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)] as const;
  const read = async (into: Buffer, position: number) => {
    const { bytesRead } = await file.read(into, 0, CHUNK_BYTES, position);
    return into.subarray(0, bytesRead);
  };
  let next = read(buffers[0], 0);
  for (let turn = 1, done = 0; ; turn++) {
    const chunk = await next;
    if (chunk.length === 0) return;
    call.signal.throwIfAborted();
    done += chunk.length;
    next = read(turn % 2 === 0 ? buffers[0] : buffers[1], done);
    // Who stops early does not want to hear of it.
    next.catch(() => undefined);
    yield chunk;
    tell('', { done, total, unit: 'bytes' });
  }
}
