import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { makeRepository, type TestRepository } from './testing/git-repository.ts';
import { prepared } from './testing/prepared.ts';

/** Every way by which a repository's own settings have a program run. */
function setTraps({ root, git, write }: TestRepository, mark: string): void {
  const trap = join(root, '.git/trap');
  writeFileSync(trap, `#!/bin/sh\ntouch '${mark}'\ncat\n`, { mode: 0o755 });
  const keys = [
    'core.fsmonitor',
    'core.pager',
    'core.editor',
    'core.sshCommand',
    'core.alternateRefsCommand',
    'core.gitProxy',
    'diff.external',
    'diff.x.command',
    'diff.x.textconv',
    'filter.x.clean',
    'filter.x.smudge',
    'filter.x=y.clean',
    'gpg.program',
    'credential.helper',
    'uploadpack.packObjectsHook',
    'merge.x.driver',
    'pager.log',
  ];
  for (const key of keys) git('config', key, trap);
  git('config', 'core.hooksPath', join(root, '.git/my-hooks'));
  mkdirSync(join(root, '.git/my-hooks'));
  for (const hook of [
    'post-index-change',
    'reference-transaction',
    'post-checkout',
    'pre-commit',
  ]) {
    for (const place of ['hooks', 'my-hooks']) {
      mkdirSync(join(root, '.git', place), { recursive: true });
      writeFileSync(join(root, '.git', place, hook), `#!/bin/sh\ntouch '${mark}'\n`, {
        mode: 0o755,
      });
    }
  }
  write('.gitattributes', '* filter=x diff=x merge=x\n');
}

test('nothing that a hostile repository names is run', async (t) => {
  const repository = makeRepository(t, { a: 'a', b: 'b' });
  const mark = join(temporaryFolder(t), 'was-run');
  setTraps(repository, mark);
  repository.write('a', 'changed');
  repository.write('new', 'new');
  await prepared(t, repository, { includeUntracked: true });
  assert.equal(existsSync(mark), false);
  // A positive witness: git as everybody runs it falls into the traps.
  repository.git('status');
  assert.equal(existsSync(mark), true);
});

test('a hostile repository cannot have other files of its owner sent', async (t) => {
  const home = temporaryFolder(t);
  mkdirSync(join(home, '.ssh'));
  writeFileSync(join(home, '.ssh/id'), 'SECRET');
  writeFileSync(join(home, 'excludes'), 'SECRET');
  const repository = makeRepository(t, { 'ssh/id': 'x', plain: 'p' });
  const { root, git } = repository;
  renameSync(join(root, 'ssh'), join(root, 'was'));
  symlinkSync(join(home, '.ssh'), join(root, 'ssh'));
  rmSync(join(root, '.git/info'), { recursive: true, force: true });
  mkdirSync(join(root, '.git/info'));
  symlinkSync(join(home, 'excludes'), join(root, '.git/info/exclude'));
  git('config', 'core.excludesFile', join(home, 'excludes'));
  git('config', 'core.worktree', home);
  const { guest } = await prepared(t, repository);
  assert.equal(readFileSync(join(guest, 'plain'), 'utf8'), 'p');
  const found = execFileSync('sh', ['-c', 'grep -r SECRET . || true'], { cwd: guest });
  assert.equal(found.toString(), '');
});
