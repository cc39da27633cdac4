import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import { ByteReader, type ByteSource } from '../tar/byte-reader.ts';
import { readTar } from '../tar/read-tar.ts';
import type { TarEntry } from '../tar/tar-entry.ts';

export type ReadEntry = TarEntry & { content: string; offset: number };

export type ReadEntriesOptions = { chunkBytes?: number; limits?: Partial<Limits> };

/** All entries of an archive with their contents, holes as zeros. */
export async function readEntries(
  archive: Buffer,
  options: ReadEntriesOptions = {},
): Promise<ReadEntry[]> {
  const entries: ReadEntry[] = [];
  const add = (text: string): undefined => {
    const last = entries.at(-1);
    if (last !== undefined) last.content += text;
  };
  const handler = {
    entry(entry: TarEntry, offset: number) {
      entries.push({ ...entry, content: '', offset });
      return entry.kind === 'file';
    },
    append: (chunk: Buffer) => add(chunk.toString('latin1')),
    skip: (bytes: number) => add('\0'.repeat(bytes)),
    end() {},
  };
  const input = new ByteReader(toByteSource(archive, options.chunkBytes));
  await readTar(input, handler, { ...DEFAULT_LIMITS, ...options.limits });
  return entries;
}

export function toByteSource(bytes: Buffer, chunkBytes = 1024 ** 2): ByteSource {
  let start = 0;
  return {
    async read() {
      if (start >= bytes.length) return undefined;
      const chunk = bytes.subarray(start, start + chunkBytes);
      start += chunkBytes;
      return chunk;
    },
  };
}
