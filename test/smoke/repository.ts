import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Smoke } from './smoke.ts';

const IDENTITY = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];

/** The repository that all scenarios of the class repodir work on, one after the other. */
export type Repository = {
  readonly root: string;
  git(...args: readonly string[]): Promise<string>;
  write(path: string, content: string): void;
};

/** As it was when it was made, whatever the scenario before did to it. */
export async function openRepository({ user }: Smoke): Promise<Repository> {
  const root = join(user.home, 'repository');
  const git = (...args: readonly string[]) => user.run('git', '-C', root, ...IDENTITY, ...args);
  const write = (path: string, content: string) =>
    void user.write(join('repository', path), content);
  if (existsSync(root)) {
    await git('reset', '--quiet', '--hard', 'begin');
    await git('clean', '--quiet', '-dfx');
    return { root, git, write };
  }
  write('tracked', 'tracked\n');
  write('.gitignore', '*.o\n');
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=first');
  await git('tag', 'begin');
  return { root, git, write };
}
