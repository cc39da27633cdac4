import type { LayerSource } from '../layer-source.ts';

/** A layer whose bytes arrive in chunks of the given size. */
export function toSource(bytes: Buffer, chunkBytes = 1024 ** 2): LayerSource {
  return {
    async *open() {
      for (let start = 0; start < bytes.length; start += chunkBytes) {
        yield bytes.subarray(start, start + chunkBytes);
      }
    },
  };
}
