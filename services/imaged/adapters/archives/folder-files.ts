import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { ArchiveFile, ArchiveFiles } from './archive-files.ts';
import { readRange } from './read-range.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
// Without O_NONBLOCK opening a named pipe would wait for its other end.
const FILE_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** The files of a folder somebody else may write to: nothing that is a link is followed. */
export async function openFolder(path: string): Promise<ArchiveFiles> {
  const origin = `folder "${printableName(path)}"`;
  const root = await open(path, O_RDONLY | O_DIRECTORY).catch((error: unknown) => {
    throw new BangerError(
      'INVALID_FIELD',
      `${origin} cannot be opened; check its path and rights`,
      {
        cause: error,
      },
    );
  });
  return {
    origin,
    async find(name) {
      const file = await openBeneath(root, name, origin);
      if (file === undefined) return undefined;
      await using stack = new AsyncDisposableStack();
      stack.defer(() => file.close());
      const stats = await file.stat();
      if (!stats.isFile()) throw refused(origin, name);
      return toArchiveFile(stats.size, () => openBeneath(root, name, origin), origin);
    },
    [Symbol.asyncDispose]: () => root.close(),
  };
}

/** Opens the file anew for each reading, so that none stays open between finding and reading. */
function toArchiveFile(
  sizeBytes: number,
  reopen: () => Promise<FileHandle | undefined>,
  origin: string,
): ArchiveFile {
  return {
    sizeBytes,
    async *read() {
      const file = await reopen();
      if (file === undefined)
        throw new BangerError('IMAGE_CORRUPT', `${origin} changed while it was read`);
      try {
        yield* readRange(file, { offset: 0, sizeBytes }, origin);
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * Opens a file step by step, each step relative to the folder opened before it, as openat(2) would,
 * which Node lacks. A check of the whole path would look at names that can change before they are used.
 */
async function openBeneath(
  root: FileHandle,
  name: string,
  origin: string,
): Promise<FileHandle | undefined> {
  const parts = name.split('/');
  if (parts.some((part) => ['', '.', '..'].includes(part))) throw refused(origin, name);
  await using opened = new AsyncDisposableStack();
  let current = root;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const path = `/proc/self/fd/${current.fd}/${part}`;
    try {
      current = await open(path, isLast ? FILE_FLAGS : FOLDER_FLAGS);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      throw code === 'ELOOP' || code === 'ENOTDIR' ? refused(origin, name) : error;
    }
    if (isLast) return current;
    const folder = current;
    opened.defer(() => folder.close());
  }
  return undefined;
}

function refused(origin: string, name: string): BangerError {
  return new BangerError(
    'OPERATION_REFUSED',
    `"${printableName(name)}" in ${origin} is not a plain file in plain folders; copy the layout without links`,
    { metadata: { file: name } },
  );
}
