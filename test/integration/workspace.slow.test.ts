import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { programRoot } from '#kit/program.ts';
import { type LocalUser, openLocalUser } from './local-user.ts';
import { needsMountNamespace } from './needs.ts';

/*
 * One story in one machine, because each takes half a minute without KVM: a repository goes in, is worked on, and comes
 * back. The image is busybox: nothing in the guest knows git.
 */

// The launcher bundles a checkout that has changed; here its owner has done so before.
before(() => {
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
});

/** A repository in the home of the person who runs banger, worked on as that person. */
function makeRepository({ home }: LocalUser) {
  const root = join(home, 'my repo');
  const become = ['--reuid=4501', '--regid=4501', '--clear-groups', 'git', '-C', root];
  const env = { PATH: process.env.PATH ?? '', HOME: home };
  const own = () => execFileSync('chown', ['-R', '4501:4501', home]);
  const git = (...args: readonly string[]) => {
    own();
    return execFileSync('setpriv', [...become, ...args], { env, encoding: 'utf8' });
  };
  mkdirSync(root);
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Ada\n\temail = ada@example.org\n');
  git('init', '--quiet', '--initial-branch=main');
  writeFileSync(join(root, 'a.txt'), 'one\n');
  writeFileSync(join(root, 'gone here'), 'x');
  writeFileSync(join(root, 'gone there'), 'x');
  writeFileSync(join(root, '.gitignore'), '*.o\n');
  symlinkSync('a.txt', join(root, 'link'));
  git('add', '--all');
  git('commit', '--quiet', '--message=first');
  writeFileSync(join(root, 'a.txt'), 'one\nnot committed\n');
  writeFileSync(join(root, 'untracked'), 'secret');
  return { root, git, own };
}

test('a repository goes into a guest without git, and what was done there comes back', {
  skip: needsMountNamespace,
}, async (t) => {
  const user = openLocalUser(t);
  try {
    await tell(t, user);
  } finally {
    // Not with t.after: what is registered first runs first, and stops the services.
    await user.banger('vm', 'delete', 'ws', 'tools');
  }
});

async function tell(t: TestContext, user: LocalUser): Promise<void> {
  const { root, git, own } = makeRepository(user);
  const { banger } = user;
  const guest = (script: string) => banger('vm', 'exec', 'ws', '--', 'sh', '-euc', script);
  const run = (...words: readonly string[]) => banger('vm', 'run', '--image', 'busybox', ...words);

  await t.test('a command runs in it and its status is the status', async () => {
    const ended = await run('--name', 'ws', root, '--', 'sh', '-c', 'pwd; cat a.txt; exit 42');
    assert.deepEqual([ended.code, ended.stdout], [42, '/root/repo\none\nnot committed\n']);
    assert.equal(
      (await guest('ls -A')).stdout,
      '.git\n.gitignore\na.txt\ngone here\ngone there\nlink\n',
    );
    assert.equal(git('status', '--porcelain'), ' M a.txt\n?? untracked\n');
  });

  await t.test(
    'who commits here is who commits there, in this repository and in any other',
    async () => {
      for (const file of ['.git/config', '/etc/gitconfig']) {
        assert.match(
          (await guest(`cat ${file}`)).stdout,
          /name = "Ada"[\s\S]*email = "ada@example.org"/,
        );
      }
    },
  );

  await t.test('changes are exported, and applied here they are the same bytes', async () => {
    await guest(
      'echo guest >>a.txt; rm "gone there"; echo o >x.o; printf "\\000\\377" >bin; chmod +x bin',
    );
    const status = JSON.parse((await banger('vm', 'workspace', 'status', 'ws', '--json')).stdout);
    assert.deepEqual([status.changed.sort(), status.removed], [['a.txt', 'bin'], ['gone there']]);
    const patch = join(user.home, 'out.patch');
    const ended = await banger('vm', 'workspace', 'export', 'ws', '-o', patch);
    assert.deepEqual([ended.code, ended.stderr], [0, '']);
    git('apply', patch);
    const sums = (await guest('md5sum a.txt bin')).stdout;
    assert.equal(execFileSync('md5sum', ['a.txt', 'bin'], { cwd: root, encoding: 'utf8' }), sums);
    assert.equal(git('status', '--porcelain'), ' M a.txt\n D "gone there"\n?? bin\n?? untracked\n');
  });

  await t.test('a branch is made without touching anything else', async () => {
    const before = git('status', '--porcelain');
    await banger('vm', 'workspace', 'export', 'ws', '--branch', 'from-guest');
    assert.match(git('show', 'from-guest:a.txt'), /guest/);
    assert.equal(git('status', '--porcelain'), before);
  });

  await t.test('the guest is brought up to date, but not over work done there', async () => {
    rmSync(join(root, 'gone here'));
    git('add', '--all');
    git('commit', '--quiet', '--message=second');
    const exec = ['vm', 'exec', '--auto-prepare', 'ws', '--', 'ls', '-A'];
    const refused = await banger(...exec);
    assert.match(refused.stderr, /changed in vm "ws" and would be overwritten.*--force/);
    const forced = await banger('vm', 'workspace', 'prepare', 'ws', root, '--force');
    assert.deepEqual([forced.code, forced.stdout], [0, '/root/repo\n'], forced.stderr);
    writeFileSync(join(root, 'third'), 'third');
    git('add', '--all');
    git('commit', '--quiet', '--message=third');
    const listed = (await banger(...exec)).stdout;
    assert.equal(listed, '.git\n.gitignore\na.txt\nbin\nlink\nthird\nuntracked\nx.o\n');
    assert.equal((await banger('vm', 'workspace', 'export', 'ws')).stdout, '');
  });

  await t.test('a folder that was removed in the guest is prepared anew', async () => {
    await guest('rm -rf /root/repo');
    const again = await banger('vm', 'workspace', 'prepare', 'ws', root, '--readonly');
    assert.deepEqual([again.code, again.stdout], [0, '/root/repo\n'], again.stderr);
    assert.equal((await guest('stat -c %a . a.txt')).stdout, '555\n444\n');
    assert.equal((await banger('vm', 'workspace', 'prepare', 'ws', root)).code, 0);
    assert.equal((await guest('stat -c %a . a.txt')).stdout, '755\n644\n');
  });

  await t.test('a hostile guest is refused and told what', async () => {
    const refused = async (script: string, undo: string, why: RegExp) => {
      await guest(script);
      const { code, stdout, stderr } = await banger('vm', 'workspace', 'export', 'ws');
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, why);
      await guest(undo);
    };
    await refused('ln -s /etc etc', 'rm etc', /"etc".*outside of the repository/);
    await refused('truncate -s 10G big', 'rm big', /"big".*10 GiB/);
    await refused(
      'mkdir -p sub/.GIT/hooks; echo x >sub/.GIT/hooks/x',
      'rm -r sub',
      /git keeps for itself/,
    );
    await guest('mkdir -p .git/hooks sub/.git/hooks; echo x | tee .git/hooks/x sub/.git/hooks/x');
    assert.equal((await banger('vm', 'workspace', 'export', 'ws')).stdout, '');
  });

  await t.test(
    'tools that a repository names are installed for people, and need a way out',
    async () => {
      writeFileSync(join(root, '.tool-versions'), 'node 24\n');
      git('add', '--all');
      const refused = await run('-d', '--name', 'tools', root);
      assert.match(refused.stderr, /\.tool-versions.*add --nat, or --no-bootstrap/);
      // Stands in for mise, which cannot be downloaded by a test.
      writeFileSync(join(user.home, 'mise'), '#!/bin/sh\necho "$@" >>/root/asked\n');
      const config = join(user.home, '.config/banger');
      mkdirSync(config, { recursive: true });
      const sync = 'host = "~/mise"\nguest = "~/.local/bin/mise"\nmode = "0755"\n';
      writeFileSync(join(config, 'config.toml'), `[[file_sync]]\n${sync}`);
      own();
      const made = await run('-d', '--nat', '--name', 'tools', root);
      assert.deepEqual([made.code, made.stderr], [0, '']);
      const asked = await banger('vm', 'exec', 'tools', '--', 'cat', '/root/asked');
      assert.equal(asked.stdout, 'trust --quiet --all\ninstall --yes\n');
      const without = await run('--no-bootstrap', '--rm', root, '--', 'cat', '.tool-versions');
      assert.deepEqual([without.code, without.stdout], [0, 'node 24\n'], without.stderr);
    },
  );

  await t.test('the repository is whole, and nothing of banger is in its folder', () => {
    assert.equal(git('fsck', '--no-progress', '--no-dangling'), '');
    assert.equal(readFileSync(join(root, '.git/HEAD'), 'utf8'), 'ref: refs/heads/main\n');
  });
}
