import { createReadStream } from 'node:fs';
import type { Platform } from '../domain/platform.ts';
import type { Archives } from '../domain/ports.ts';
import { findArchiveImage, openArchiveImage } from './archives/archive-image.ts';
import { spoolBytes } from './spool.ts';

export type ArchiveSettings = { readonly platform: Platform; readonly limitBytes: number };

export function createArchives({ platform, limitBytes }: ArchiveSettings): Archives {
  return {
    spool: (call, bytes, folder, tell) => spoolBytes(call, bytes, { folder, limitBytes }, tell),
    async open({ signal }, { path }, { kind, tag, scratchFolder }) {
      const options = { platform, scratchFolder, signal };
      if (kind === 'unknown') return findArchiveImage(path, options);
      return openArchiveImage({ kind, path, tag }, options);
    },
    toLayer: ({ path, digest, sizeBytes }) => ({
      ...{ digest, sizeBytes },
      open: () => createReadStream(path, { highWaterMark: 2 ** 20 }),
    }),
  };
}
