import type { FileHandle } from 'node:fs/promises';
import type { LayerCompression } from '../../domain/layer-type.ts';

/** Tells how the bytes at a place in a file are compressed, by the signatures of gzip and zstd. */
export async function compressionOf(file: FileHandle, offset: number): Promise<LayerCompression> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, offset);
  return sniffCompression(buffer.subarray(0, bytesRead));
}

export function sniffCompression(start: Buffer): LayerCompression {
  const magic = start.toString('hex');
  if (magic.startsWith('1f8b')) return 'gzip';
  return magic.startsWith('28b52ffd') ? 'zstd' : 'none';
}
