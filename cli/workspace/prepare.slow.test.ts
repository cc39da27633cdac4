import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { planWorkspace } from './plan.ts';
import { makeFolderGuest } from './testing/folder-guest.ts';
import { gitIn, makeRepository } from './testing/git-repository.ts';
import { workspaceOptions as options, prepared } from './testing/prepared.ts';

const { signal } = new AbortController();

const statusOf = (root: string) => gitIn(root, 'status', '--porcelain', '-z', '-uno');

test('git says the same inside as outside, whatever state the repository is in', async (t) => {
  const repository = makeRepository(t, {
    'a.txt': 'one\n',
    gone: 'x',
    'sub/deep/b': 'b',
    same: 's',
  });
  const { root, git, write } = repository;
  write('a.txt', 'two\n');
  write('staged', 'new\n');
  write('both', 'one\n');
  git('add', 'staged', 'both');
  write('both', 'two\n');
  rmSync(join(root, 'gone'));
  write('intended', 'later\n');
  git('add', '--intent-to-add', 'intended');
  write('untracked', 'secret\n');
  chmodSync(join(root, 'sub/deep/b'), 0o755);
  const before = [statusOf(root), readFileSync(join(root, '.git/index'))];
  const { guest, plan } = await prepared(t, repository);
  assert.equal(statusOf(guest), statusOf(root));
  assert.equal(gitIn(guest, 'diff', '--cached'), git('diff', '--cached'));
  assert.equal(gitIn(guest, 'diff'), git('diff'));
  assert.equal(gitIn(guest, 'rev-parse', 'main'), git('rev-parse', 'main'));
  assert.equal(existsSync(join(guest, 'untracked')), false);
  assert.deepEqual(plan.leftBehind, { untracked: 1, submodules: 0 });
  assert.deepEqual([statusOf(root), readFileSync(join(root, '.git/index'))], before);
  assert.equal(gitIn(guest, 'fsck'), '');
});

test('names of any bytes, modes and links arrive as they are', async (t) => {
  const repository = makeRepository(t);
  const { root, git, write } = repository;
  const odd = Buffer.concat([Buffer.from(`${root}/raw`), Buffer.of(0xff)]);
  writeFileSync(odd, 'raw');
  for (const name of ['with space', 'new\nline', 'q"uote\\', ' lead', '-dash', 'ünï'])
    write(name, name);
  write(`${'long-'.repeat(25)}/${'name-'.repeat(40)}`, 'long');
  write('run', '#!/bin/sh\n');
  chmodSync(join(root, 'run'), 0o755);
  symlinkSync('../out/there', join(root, 'link'));
  symlinkSync('x'.repeat(300), join(root, 'long-link'));
  write('crlf', 'a\r\nb\r\n');
  git('add', '--all');
  git('commit', '--quiet', '--message=odd');
  const { guest } = await prepared(t, repository);
  assert.equal(statusOf(guest), '');
  assert.equal(gitIn(guest, 'ls-files', '-z', '-s'), git('ls-files', '-z', '-s'));
  assert.equal(readFileSync(join(guest, 'crlf'), 'utf8'), 'a\r\nb\r\n');
  assert.equal(readlinkSync(join(guest, 'link')), '../out/there');
  assert.equal(lstatSync(join(guest, 'run')).mode & 0o777, 0o755);
});

test('git in the guest trusts the index instead of reading every file again', async (t) => {
  const repository = makeRepository(t, { a: 'a', b: 'b' });
  const past = new Date(Date.now() - 100_000);
  execFileSync('touch', ['-d', past.toISOString(), 'a', 'b', '.git'], { cwd: repository.root });
  repository.git('status');
  const { guest } = await prepared(t, repository);
  const indexBefore = readFileSync(join(guest, '.git/index'));
  gitIn(guest, 'status');
  assert.deepEqual(readFileSync(join(guest, '.git/index')), indexBefore);
});

test('a repository without commits, and one without anything, can be prepared', async (t) => {
  const empty = makeRepository(t);
  const first = await prepared(t, empty);
  assert.match(gitIn(first.guest, 'status'), /No commits yet/);
  const fresh = makeRepository(t);
  fresh.write('a', 'a');
  fresh.git('add', 'a');
  const second = await prepared(t, fresh);
  assert.equal(statusOf(second.guest), statusOf(fresh.root));
});

test('untracked files come along when asked for, ignored ones never', async (t) => {
  const repository = makeRepository(t, { '.gitignore': '*.key\n', a: 'a' });
  repository.write('notes', 'n');
  repository.write('my.key', 'secret');
  const { guest } = await prepared(t, repository, { includeUntracked: true });
  assert.equal(existsSync(join(guest, 'notes')), true);
  assert.equal(existsSync(join(guest, 'my.key')), false);
});

test('a branch of the guest begins where it is told to', async (t) => {
  const repository = makeRepository(t, { a: 'one' });
  const first = repository.git('rev-parse', 'HEAD').trim();
  repository.write('a', 'two');
  symlinkSync('a', join(repository.root, 'link'));
  repository.git('add', '--all');
  repository.git('commit', '--quiet', '--message=second');
  repository.write('a', 'dirty');
  const old = await prepared(t, repository, { branch: 'try', from: first });
  assert.equal(gitIn(old.guest, 'rev-parse', 'try', 'HEAD'), `${first}\n${first}\n`);
  assert.equal(readFileSync(join(old.guest, 'a'), 'utf8'), 'one');
  assert.equal(statusOf(old.guest), '');
  const now = await prepared(t, repository, { branch: 'other' });
  assert.equal(readFileSync(join(now.guest, 'a'), 'utf8'), 'dirty');
  assert.equal(gitIn(now.guest, 'symbolic-ref', 'HEAD'), 'refs/heads/other\n');
  assert.equal(repository.git('branch', '--list'), '* main\n');
});

test('a worktree, a detached HEAD and a conflict are taken as they are', async (t) => {
  const repository = makeRepository(t, { a: 'base\n' });
  const { git, write } = repository;
  git('checkout', '--quiet', '-b', 'side');
  write('a', 'side\n');
  git('commit', '--quiet', '-am', 'side');
  git('checkout', '--quiet', 'main');
  write('a', 'main\n');
  git('commit', '--quiet', '-am', 'main');
  const tree = join(temporaryFolder(t), 'tree');
  git('worktree', 'add', '--quiet', '--detach', tree, 'side');
  const detached = await prepared(t, { root: tree });
  assert.equal(statusOf(detached.guest), '');
  assert.equal(gitIn(detached.guest, 'rev-parse', 'HEAD'), git('rev-parse', 'side'));
  assert.throws(() => git('merge', 'side'));
  const conflict = await prepared(t, repository);
  assert.equal(statusOf(conflict.guest), 'UU a\0');
});

test('submodules are left behind and told, or come along with all history', async (t) => {
  const inner = makeRepository(t, { lib: 'lib' });
  const repository = makeRepository(t, { a: 'a' });
  repository.git(
    '-c',
    'protocol.file.allow=always',
    'submodule',
    '--quiet',
    'add',
    inner.root,
    'mod',
  );
  repository.git('commit', '--quiet', '-am', 'mod');
  const overlay = await prepared(t, repository);
  assert.deepEqual(overlay.plan.leftBehind, { untracked: 0, submodules: 1 });
  assert.equal(existsSync(join(overlay.guest, 'mod/lib')), false);
  assert.equal(gitIn(overlay.guest, 'rev-list', '--count', 'HEAD'), '1\n');
  const full = await prepared(t, repository, { mode: 'full-copy' });
  assert.equal(readFileSync(join(full.guest, 'mod/lib'), 'utf8'), 'lib');
  assert.equal(gitIn(full.guest, 'rev-list', '--count', 'HEAD'), '2\n');
  assert.equal(gitIn(full.guest, 'fsck'), '');
});

test('without write permission means just that, for folders too, until it is prepared with it', async (t) => {
  const repository = makeRepository(t, { a: 'a', 'sub/deep/b': 'b' });
  const guest = makeFolderGuest(t);
  const modesAfter = async (readOnly: boolean) => {
    await guest.prepare(await planWorkspace(options(repository.root, { readOnly }), signal));
    return ['.', 'a', 'sub', 'sub/deep', 'sub/deep/b'].map(
      (name) => lstatSync(join(guest.root, name)).mode & 0o777,
    );
  };
  const readOnly = await modesAfter(true);
  assert.equal(statusOf(guest.root), '');
  // Before anything can fail: a folder that may not be written to cannot be removed either.
  assert.deepEqual(await modesAfter(false), [0o755, 0o644, 0o755, 0o755, 0o644]);
  assert.deepEqual(readOnly, [0o555, 0o444, 0o555, 0o555, 0o444]);
});

test('a file that git lfs keeps elsewhere arrives with its content, and its filter does not run', async (t) => {
  const repository = makeRepository(t, { '.gitattributes': '*.bin filter=lfs\n' });
  const { root, git, write } = repository;
  git('config', 'filter.lfs.clean', 'printf pointer');
  git('config', 'filter.lfs.required', 'true');
  write('big.bin', 'content');
  git('add', 'big.bin');
  git('commit', '--quiet', '--message=lfs');
  const { guest } = await prepared(t, { root });
  assert.equal(readFileSync(join(guest, 'big.bin'), 'utf8'), 'content');
});

test('who commits here is who commits in the guest', async (t) => {
  const { guest } = await prepared(t, makeRepository(t, { a: 'a' }));
  const inGuest = (key: string) => gitIn(guest, 'config', '--local', key);
  assert.deepEqual([inGuest('user.name'), inGuest('user.email')], ['Ada\n', 'ada@example.org\n']);
});

test('passwords in addresses stay here', async (t) => {
  const repository = makeRepository(t, { a: 'a' });
  repository.git('config', 'remote.origin.url', 'https://me:token@example.org/r.git');
  repository.git('config', 'http.extraHeader', 'Authorization: secret');
  const { guest } = await prepared(t, repository);
  const config = readFileSync(join(guest, '.git/config'), 'utf8');
  assert.match(config, /https:\/\/example\.org\/r\.git/);
  assert.doesNotMatch(config, /token|secret/);
});

test('what is no repository, or has no files, is refused with what to do', async (t) => {
  const folder = temporaryFolder(t);
  const refused = (path: string, why: RegExp, change = {}) =>
    assert.rejects(planWorkspace(options(path, change), signal), failsWith('INVALID_FIELD', why));
  await refused(join(folder, 'nowhere'), /there is no folder/);
  await refused(folder, /not in a git repository; make one with/);
  gitIn(folder, 'init', '--quiet', '--bare', 'bare.git');
  await refused(join(folder, 'bare.git'), /is bare/);
  const { root } = makeRepository(t, { a: 'a' });
  await refused(join(root, 'a'), /is not a folder/);
  await refused(root, /cannot name a branch/, { branch: 'a..b' });
  await refused(root, /is no commit of "repo"/, { branch: 'b', from: 'nope' });
});
