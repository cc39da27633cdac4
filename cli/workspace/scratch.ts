import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Git, openGit } from './git.ts';
import type { Repository } from './repository.ts';

/**
 * An empty repository for what comes from a guest. It sees the objects of the user's repository and none of its
 * settings, attributes or hooks, and what a guest sent is nowhere else until it is asked for.
 */
export type Scratch = { repository: Repository; git: Git; folder: string };

export async function openScratch(
  repository: Repository,
  folder: string,
  signal: AbortSignal,
): Promise<Scratch> {
  const format = await repository.git.text(['rev-parse', '--show-object-format']);
  const objects = await repository.git.text([
    'rev-parse',
    '--path-format=absolute',
    '--git-path',
    'objects',
  ]);
  const place = { cwd: folder, signal, ownSettings: false };
  const gitDir = join(folder, 'scratch.git');
  const workTree = join(folder, 'empty');
  const init = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`];
  await openGit(place).text([...init, gitDir]);
  mkdirSync(workTree);
  mkdirSync(join(gitDir, 'info'));
  writeFileSync(join(gitDir, 'objects/info/alternates'), `${quoteLine(objects)}\n`);
  // Some commands want a work tree, if only to find nothing in it.
  const settings = { 'core.bare': 'false' };
  const git = openGit({ ...place, cwd: workTree, gitDir, workTree, settings });
  return { repository, folder, git };
}

/** A line of git's that begins with a quote is read as a C string. */
export function quoteLine(text: string): string {
  if (!/["\n\\]/.test(text)) return text;
  const quoted = text.replaceAll(/["\\]/g, (char) => `\\${char}`).replaceAll('\n', '\\n');
  return `"${quoted}"`;
}
