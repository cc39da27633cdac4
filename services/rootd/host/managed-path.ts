import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { BangerError } from '#kit/errors.ts';

/**
 * A place below a fixed root, held open. Services without privileges write in these folders, so every component
 * is opened once, by descriptor and without following links, and what was looked at is what is used: a name
 * that is swapped in between changes nothing.
 */
export type ManagedPath = Disposable & {
  readonly fd: number;
  /** For messages only. */
  readonly path: string;
  /** Owner and size as they were when it was opened; the owner of a file cannot change without root. */
  readonly stats: Stats;
};

/** open(2): a descriptor that names a place and allows nothing; Node does not list it. */
const O_PATH = 0o10000000;
const { O_NOFOLLOW, O_DIRECTORY, O_RDONLY, O_RDWR } = constants;

/** Opens `root/name/name/…`, of which all exist and are folders. */
export function openFolder(root: string, ...names: readonly string[]): ManagedPath {
  let folder = hold(root, openPlace(root, root, O_DIRECTORY));
  for (const name of names) {
    using parent = folder;
    const path = join(parent.path, name);
    folder = hold(path, openPlace(path, below(parent, name), O_DIRECTORY));
  }
  return folder;
}

/** Opens a regular file that belongs to the owner of the service's folder. */
export function openFile(
  folder: ManagedPath,
  name: string,
  access: { owner: number; write?: boolean },
): ManagedPath {
  const path = join(folder.path, name);
  using place = hold(path, openPlace(path, below(folder, name)));
  if (!place.stats.isFile()) throw refused(path, 'is not a regular file');
  // A hard link to a file of somebody else is the one trick that no-follow does not see.
  if (place.stats.uid !== access.owner) {
    throw refused(path, `belongs to uid ${place.stats.uid} and not to ${access.owner}`);
  }
  // The very file that was looked at, whatever has its name by now.
  return hold(
    path,
    openSync(`/proc/self/fd/${place.fd}`, access.write === true ? O_RDWR : O_RDONLY),
  );
}

/** The same, absent when nothing has the name. */
export function findFile(
  folder: ManagedPath,
  name: string,
  access: { owner: number; write?: boolean },
): ManagedPath | undefined {
  try {
    return openFile(folder, name, access);
  } catch (error) {
    if (error instanceof BangerError && hasCode(error.cause, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The descriptor stands in for everything above, so only one component is looked up by name. */
function below({ fd }: ManagedPath, name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw new Error(`not one component: ${JSON.stringify(name)}`);
  }
  return `/proc/self/fd/${fd}/${name}`;
}

function openPlace(path: string, reachedBy: string, kind = 0): number {
  try {
    return openSync(reachedBy, O_PATH | O_NOFOLLOW | kind);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) {
      throw new BangerError('HOST_NOT_READY', `"${path}" does not exist`, {
        cause,
        metadata: { path },
      });
    }
    const isOther = hasCode(cause, 'ELOOP') || hasCode(cause, 'ENOTDIR');
    throw isOther ? refused(path, 'is a link or no folder', cause) : cause;
  }
}

function hold(path: string, fd: number): ManagedPath {
  return { fd, path, stats: fstatSync(fd), [Symbol.dispose]: () => closeSync(fd) };
}

function refused(path: string, why: string, cause?: unknown): BangerError {
  return new BangerError('OPERATION_REFUSED', `"${path}" ${why}; banger does not use it`, {
    cause,
    metadata: { path },
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
