import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Call } from '#kit/call.ts';
import type { Tell } from '#kit/stages.ts';
import { toDigest } from '../domain/digest.ts';
import type { HashedFile } from '../domain/ports.ts';
import { SparseFile } from './sparse-file.ts';

const CHUNK_BYTES = 2 ** 20;

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

async function* readFile(call: Call, path: string, tell: Tell): AsyncGenerator<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size: total } = await file.stat();
    let done = 0;
    const stream = file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      call.signal.throwIfAborted();
      yield chunk;
      done += chunk.length;
      tell('', { done, total, unit: 'bytes' });
    }
  } finally {
    await file.close();
  }
}
