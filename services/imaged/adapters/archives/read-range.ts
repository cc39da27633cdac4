import type { FileHandle } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';

const CHUNK_BYTES = 1 << 20;

export type Range = { readonly offset: number; readonly sizeBytes: number };

/** Reads a part of a file; several parts can be read at once, as none moves the file's own position. */
export async function* readRange(
  file: FileHandle,
  { offset, sizeBytes }: Range,
  origin: string,
): AsyncGenerator<Buffer> {
  for (let done = 0; done < sizeBytes; ) {
    // A fresh buffer each time: whoever reads may keep the chunks.
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes - done));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset + done);
    if (bytesRead === 0) {
      throw new BangerError(
        'IMAGE_CORRUPT',
        `${origin} is damaged: it ends at ${offset + done} bytes`,
      );
    }
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
