import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '#kit/atomic-file.ts';

/** A folder in which something is made that nobody sees before it is whole. Gone when disposed of unpublished. */
export type Staged = AsyncDisposable & {
  readonly folder: string;
  /** Gives the folder its final name, in one step, and makes that last. */
  publish(target: string): Promise<void>;
};

export type Staging = {
  begin(): Promise<Staged>;
  /** Removes what a crash left; only before anything is begun. */
  sweep(): Promise<void>;
};

/** A tool that was ended a moment ago may still have put a file into a folder that was just emptied. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 };

/** `root` lies on the file system of the targets, because a rename does not cross to another one. */
export function createStaging(root: string): Staging {
  return {
    async begin() {
      await mkdir(root, { recursive: true, mode: 0o700 });
      const folder = await mkdtemp(join(root, 'new-'));
      return {
        folder,
        async publish(target) {
          await syncFolder(folder);
          await rename(folder, target);
          await syncFolder(dirname(target));
        },
        [Symbol.asyncDispose]: () => rm(folder, REMOVAL),
      };
    },
    async sweep() {
      await mkdir(root, { recursive: true, mode: 0o700 });
      for (const name of await readdir(root)) {
        await rm(join(root, name), REMOVAL);
      }
    },
  };
}
