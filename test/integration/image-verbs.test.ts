import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { programRoot } from '#kit/program.ts';
import { type LocalUser, openLocalUser } from './local-user.ts';
import { needsMountNamespace } from './needs.ts';

const isRoot = process.getuid?.() === 0;
const skip = isRoot && needsMountNamespace;

before(() => {
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
});

/** A person with the files of a small system, as a tar in their home. */
function openUser(t: TestContext): LocalUser & { tar: string; file(name: string): string } {
  const user = openLocalUser(t);
  const file = (name: string) => join(user.home, name);
  mkdirSync(file('tree/sbin'), { recursive: true });
  mkdirSync(file('tree/root'));
  writeFileSync(file('tree/sbin/init'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(file('tree/root/.profile'), 'export A=1\n');
  const tar = file('system.tar');
  execFileSync('tar', ['-C', file('tree'), '-cf', tar, '.']);
  return { ...user, tar, file };
}

/** The answer of a command that is to go well, from its JSON. */
async function ask<Answer>(user: LocalUser, ...words: readonly string[]): Promise<Answer> {
  const { code, stdout, stderr } = await user.banger(...words, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Answer;
}

type Image = { name: string; diskDigest: string; managed: boolean; id: string };

test('an image travels as a bundle, and arrives the same to the byte', { skip }, async (t) => {
  const user = openUser(t);
  const web = await ask<Image>(user, 'image', 'pull', `tar:${user.tar}`, '--name', 'web');
  const bundle = user.file('web.tar.zst');
  const saved = await ask<{ path: string; sizeBytes: number }>(
    user,
    'image',
    'export',
    'web',
    '-o',
    bundle,
  );
  assert.deepEqual(saved, { path: bundle, sizeBytes: statSync(bundle).size });
  const copy = await ask<Image>(user, 'image', 'import', bundle, '--name', 'copy');
  assert.equal(copy.diskDigest, web.diskDigest);
  const wrong = ['--digest', `sha256:${'0'.repeat(64)}`, '--name', 'other'];
  const refused = await user.banger('image', 'import', bundle, ...wrong);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /sha256:0000/);
  const named = await user.banger('complete', '--', 'image', 'show', 'c');
  assert.match(named.stdout, /^copy\t/);
  assert.equal((await user.banger('image', 'verify', 'copy')).stdout, 'copy: whole\n');
  assert.equal((await user.banger('image', 'delete', 'copy')).stdout, 'copy\n');
  const listed = await ask<Image[]>(user, 'image', 'list');
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['web'],
  );
});

test('a disk of one’s own is registered, and then taken over', { skip }, async (t) => {
  const user = openUser(t);
  const disk = user.file('own.ext4');
  execFileSync('mkfs.ext4', ['-q', '-d', user.file('tree'), disk, '8M'], { stdio: 'ignore' });
  chmodSync(disk, 0o644);
  const registered = await ask<Image>(user, 'image', 'register', 'own', disk);
  assert.equal(registered.managed, false);
  const refused = await user.banger('image', 'export', 'own', '-o', user.file('own.tar.zst'));
  assert.match(refused.stderr, /banger image promote own/);
  const promoted = await ask<Image>(user, 'image', 'promote', 'own');
  assert.deepEqual([promoted.name, promoted.managed], ['own', true]);
});

test('the cache is shown, and what would be freed is told and left', { skip }, async (t) => {
  const user = openUser(t);
  const cache = await ask<{ blobs: number; path: string }>(user, 'image', 'cache');
  assert.equal(cache.blobs, 0);
  assert.ok(cache.path.startsWith('/'));
  const dry = await user.banger('image', 'cache', 'prune', '--dry-run');
  assert.equal(dry.stdout, 'would free 0 B, blobs: 0\n');
  const unknown = await user.banger('image', 'cache', 'empty');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /show or prune/);
});

test('a recipe that cannot be read changes nothing and says why', { skip }, async (t) => {
  const user = openUser(t);
  writeFileSync(user.file('bad.toml'), 'name = "tools"\nbase = "gentoo"\n');
  for (const [words, why] of [
    [['build', 'debian-bookwrom'], /did you mean "debian-bookworm"/],
    [['build', user.file('bad.toml')], /debian:RELEASE/],
    [['build', user.file('none.toml')], /cannot be read/],
  ] as const) {
    const { code, stderr } = await user.banger('image', ...words);
    assert.equal(code, 1);
    assert.match(stderr, why);
  }
});

test('a kernel of one’s own comes from a file, a folder or a bundle', { skip }, async (t) => {
  const user = openUser(t);
  mkdirSync(user.file('built'));
  const vmlinux = join(user.file('built'), 'vmlinux');
  writeFileSync(vmlinux, smallestKernel('6.9.0-mine'));
  const bundle = user.file('kernel.tar.zst');
  type Kernel = { name: string; release: string; digest: string };
  const byFile = await ask<Kernel>(user, 'kernel', 'import', 'by-file', vmlinux);
  assert.equal(byFile.release, '6.9.0-mine');
  const byFolder = await ask<Kernel>(user, 'kernel', 'import', 'by-folder', user.file('built'));
  await ask(user, 'kernel', 'export', 'by-file', '-o', bundle);
  const byBundle = await ask<Kernel>(user, 'kernel', 'import', 'by-bundle', bundle);
  for (const { digest } of [byFolder, byBundle]) assert.equal(digest, byFile.digest);
  assert.match(
    (await user.banger('complete', '--', 'kernel', 'show', 'by-f')).stdout,
    /by-folder\t6/,
  );
  const both = await user.banger(
    'kernel',
    'import',
    'x',
    vmlinux,
    '--package',
    'linux-image-amd64',
  );
  assert.equal(both.code, 2);
  for (const name of ['by-file', 'by-folder', 'by-bundle'])
    await user.banger('kernel', 'delete', name);
  assert.deepEqual(await ask(user, 'kernel', 'list'), []);
});

/** An ELF file with the banner of Linux in it. */
function smallestKernel(release: string): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  return Buffer.concat([header, Buffer.from(`Linux version ${release} (me@here)\n\0`)]);
}
