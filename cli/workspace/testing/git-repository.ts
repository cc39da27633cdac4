import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';

/** A repository of the test's own, worked on with real git. */
export type TestRepository = {
  root: string;
  git(...args: readonly string[]): string;
  write(path: string, content: string | Buffer): void;
};

const ENV = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_ALLOW_PROTOCOL: 'file',
};

export function gitIn(root: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, env: ENV, encoding: 'latin1', stdio: 'pipe' });
}

export function makeRepository(t: TestContext, files: Readonly<Record<string, string>> = {}) {
  const root = join(temporaryFolder(t), 'repo');
  mkdirSync(root);
  const repository: TestRepository = {
    root,
    git: (...args) => gitIn(root, ...args),
    write(path, content) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
  };
  repository.git('init', '--quiet', '--initial-branch=main');
  repository.git('config', 'user.name', 'Ada');
  repository.git('config', 'user.email', 'ada@example.org');
  if (Object.keys(files).length === 0) return repository;
  for (const [path, content] of Object.entries(files)) repository.write(path, content);
  repository.git('add', '--all');
  repository.git('commit', '--quiet', '--message=first');
  return repository;
}
