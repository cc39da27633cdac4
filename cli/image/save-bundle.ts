import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';
import { formatSize } from '#kit/size.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../output/error.ts';

type Chunks = AsyncIterable<{ chunk: Buffer }>;

/**
 * Writes a bundle where the user wants it: into a file, which has its name only once it is whole, or, for a pipe, to
 * standard output.
 */
export async function saveBundle(
  { out }: Context,
  chunks: Chunks,
  path: string | undefined,
  command: string,
): Promise<void> {
  if (path !== undefined && path !== '-') {
    const sizeBytes = await saveFile(chunks, path);
    out.result({ path, sizeBytes }, () => `${path} (${formatSize(sizeBytes)})`);
    return;
  }
  if (out.stdout.isTTY === true)
    throw new UsageError('a bundle is not for a terminal; say --output FILE, or pipe it', command);
  for await (const { chunk } of chunks) {
    if (!out.stdout.write(chunk)) await once(out.stdout, 'drain');
  }
}

async function saveFile(chunks: Chunks, path: string): Promise<number> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'wx', 0o644).catch((cause: unknown) => {
    throw new BangerError('INVALID_FIELD', `"${path}" cannot be written`, { cause });
  });
  try {
    let sizeBytes = 0;
    for await (const { chunk } of chunks) {
      await file.writeFile(chunk);
      sizeBytes += chunk.length;
    }
    await file.sync();
    await file.close();
    await rename(temporary, path);
    return sizeBytes;
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}
