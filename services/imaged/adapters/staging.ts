import { randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
  /** A folder that other accounts can pass through, which ours they cannot. */
  beginOutside(): Promise<Outside>;
  /** Removes what a crash left; only before anything is begun. Answers what could not be removed. */
  sweep(): Promise<string[]>;
};

export type Outside = AsyncDisposable & { readonly folder: string };

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
    async beginOutside() {
      await mkdir(root, { recursive: true, mode: 0o700 });
      const name = `banger-${randomBytes(8).toString('hex')}`;
      const [link, folder] = [join(root, name), join(tmpdir(), name)];
      // First, so that it is found whenever a crash comes.
      await symlink(folder, link);
      await mkdir(folder);
      await chmod(folder, 0o711);
      return {
        folder,
        async [Symbol.asyncDispose]() {
          await rm(folder, REMOVAL);
          await rm(link);
        },
      };
    },
    async sweep() {
      await mkdir(root, { recursive: true, mode: 0o700 });
      const left: string[] = [];
      for (const entry of await readdir(root, { withFileTypes: true })) {
        const path = join(root, entry.name);
        if (!entry.isSymbolicLink()) await rm(path, REMOVAL);
        else if (await removeOutside(await readlink(path))) await rm(path);
        else left.push(path);
      }
      return left;
    },
  };
}

/** Whether it is gone. A name in a folder of everybody's may be somebody else's by now, whose it then stays. */
async function removeOutside(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined || found.uid !== process.getuid?.()) return true;
  // What a tool made in a user namespace belongs to an account that this one is not, if the tool left it behind.
  return rm(folder, REMOVAL).then(
    () => true,
    () => false,
  );
}
