import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { type Git, openGit, splitNul } from './git.ts';

/** A repository of the user's, read as it lies there. */
export type Repository = {
  root: string;
  name: string;
  git: Git;
  /** Empty for a repository without commits. */
  head: string;
  /** Empty when HEAD is detached. */
  branch: string;
  /** Without a password. */
  origin: string;
  identity: { name: string; email: string };
};

/** The repository around a path. It may be hostile: it is read, and nothing of it is run. */
export async function openRepository(path: string, signal: AbortSignal): Promise<Repository> {
  const root = findRoot(resolve(path));
  // The work tree is the folder that was named, whatever the repository's settings say: otherwise one from a stranger
  // could have any folder of the user's sent into a guest.
  const place = { cwd: root, signal, workTree: root };
  const plain = openGit(place);
  if ((await plain.find(['config', '--type=bool', '--get', 'core.bare'])) === 'true') {
    throw refused(root, 'is bare: it has no files to work on; clone it and use the clone');
  }
  await plain.text(['rev-parse', '--git-dir']);
  const git = openGit({ ...place, settings: await withoutFilters(plain) });
  const [head, branch, origin, name, email] = await Promise.all([
    git.find(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']),
    git.find(['symbolic-ref', '--quiet', '--short', 'HEAD']),
    git.find(['config', '--get', 'remote.origin.url']),
    git.find(['config', '--get', 'user.name']),
    git.find(['config', '--get', 'user.email']),
  ]);
  return {
    root,
    name: basename(root),
    git,
    head: head ?? '',
    branch: branch ?? '',
    origin: withoutPassword(origin ?? ''),
    identity: { name: name ?? '', email: email ?? '' },
  };
}

function findRoot(path: string): string {
  const shown = printableName(path);
  if (!existsSync(path)) {
    throw new BangerError('INVALID_FIELD', `there is no folder "${shown}"`, {
      metadata: { field: 'path' },
    });
  }
  if (!statSync(path).isDirectory()) throw refused(path, 'is not a folder');
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (existsSync(join(folder, 'objects')) && existsSync(join(folder, 'HEAD'))) {
      throw refused(folder, 'is bare: it has no files to work on; clone it and use the clone');
    }
    if (dirname(folder) !== folder) continue;
    throw refused(path, `is not in a git repository; make one with: git -C "${shown}" init`);
  }
}

/**
 * A file of the repository's own, such as its index. A link on the way could lead to any file of the user's, so what
 * is reached over one is not there.
 */
export async function findOwnFile(
  { root, git }: Pick<Repository, 'root' | 'git'>,
  name: string,
): Promise<string | undefined> {
  // Not with --path-format=absolute, which follows links.
  const path = resolve(root, await git.text(['rev-parse', '--git-path', name]));
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const around = path.slice(0, -name.length);
  return realpathSync(path) === join(realpathSync(around), name) ? path : undefined;
}

/** Filters are programs named by a repository's settings, and attributes choose when they run. */
async function withoutFilters(git: Git): Promise<Record<string, string>> {
  const pattern = String.raw`^filter\..*\.(clean|smudge|process|required)$`;
  const listed = await git.find(['config', '-z', '--name-only', '--get-regexp', pattern]);
  const keys = splitNul(Buffer.from(listed ?? '')).map(String);
  return Object.fromEntries(keys.map((key) => [key, key.endsWith('.required') ? 'false' : '']));
}

function withoutPassword(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, (whole, scheme: string) =>
    /:\/\/[^/@:]*@/.test(whole) && scheme.toLowerCase().includes('ssh') ? whole : scheme,
  );
}

function refused(path: string, why: string): BangerError {
  return new BangerError('INVALID_FIELD', `"${printableName(path)}" ${why}`, {
    metadata: { field: 'path' },
  });
}
