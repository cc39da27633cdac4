import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { parseImageId } from '../domain/image.ts';
import type { Platform } from '../domain/platform.ts';
import type { Host } from '../domain/ports.ts';

export type HostSettings = {
  readonly platform: Platform;
  readonly now: () => Date;
  readonly stateFolder: string;
  /** Where tools are looked for. */
  readonly searchPath: readonly string[];
};

export function createHost({ platform, now, stateFolder, searchPath }: HostSettings): Host {
  return {
    platform,
    now,
    newId: () => parseImageId(randomBytes(8).toString('hex')),
    async freeBytes() {
      const { bavail, bsize } = await statfs(stateFolder);
      return bavail * bsize;
    },
    async hasTool(name) {
      const found = await Promise.all(searchPath.map((folder) => isExecutable(join(folder, name))));
      return found.includes(true);
    },
  };
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
