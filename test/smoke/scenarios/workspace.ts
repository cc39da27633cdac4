import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { assertGone, create, RUN } from '../machine.ts';
import { openRepository } from '../repository.ts';
import { repodir, type Scenario } from '../scenario.ts';

export const workspaceScenarios: readonly Scenario[] = [
  repodir(
    'workspace_run',
    'vm run PATH has the tracked files in /root/repo, as they are now',
    async (smoke) => {
      const { root, write } = await openRepository(smoke);
      write('tracked', 'tracked\nand not committed\n');
      const words = [...RUN, '--name', smoke.vm, '--rm', root, '--', 'sh', '-c'];
      const printed = await smoke.ok(...words, 'pwd; cat tracked; ls -A');
      const files = '.git\n.gitignore\ntracked\n';
      assert.equal(printed, `/root/repo\ntracked\nand not committed\n${files}`);
    },
  ),

  repodir('workspace_dryrun', 'a dry run lists the files and makes no machine', async (smoke) => {
    const { root, write } = await openRepository(smoke);
    write('untracked', 'x');
    const words = ['vm', 'run', '--name', smoke.vm, '--image', 'busybox', root, '--dry-run'];
    const printed = await smoke.ok(...words);
    assert.match(printed, /^tracked$/m);
    assert.doesNotMatch(printed, /untracked/);
    await assertGone(smoke, smoke.vm);
  }),

  repodir(
    'include_untracked',
    'untracked files come with the option only, ignored ones never',
    async (smoke) => {
      const { root, write } = await openRepository(smoke);
      write('untracked', 'x');
      write('ignored.o', 'x');
      const { name: vm } = await create(smoke);
      await smoke.ok('vm', 'workspace', 'prepare', vm, root);
      assert.equal(await smoke.guest(vm, 'ls /root/repo'), 'tracked\n');
      await smoke.ok('vm', 'workspace', 'prepare', vm, root, '--include-untracked');
      assert.equal(await smoke.guest(vm, 'ls /root/repo'), 'tracked\nuntracked\n');
    },
  ),

  repodir(
    'workspace_export',
    'what was done in the guest comes back as a patch that applies here',
    async (smoke) => {
      const { root, git } = await openRepository(smoke);
      const { name: vm } = await create(smoke);
      await smoke.ok('vm', 'workspace', 'prepare', vm, root);
      await smoke.guest(vm, 'cd /root/repo; echo from the guest >> tracked; echo new > added');
      const patch = smoke.write('out.patch', '');
      await smoke.ok('vm', 'workspace', 'export', vm, '-o', patch);
      assert.equal(await git('status', '--porcelain'), '');
      await git('apply', patch);
      assert.equal(readFileSync(`${root}/tracked`, 'utf8'), 'tracked\nfrom the guest\n');
      assert.equal(readFileSync(`${root}/added`, 'utf8'), 'new\n');
    },
  ),

  repodir(
    'workspace_branch',
    'it comes back as a branch, and the files here stay as they are',
    async (smoke) => {
      const { root, git } = await openRepository(smoke);
      const { name: vm } = await create(smoke);
      await smoke.ok('vm', 'workspace', 'prepare', vm, root);
      await smoke.guest(vm, 'echo from the guest > /root/repo/tracked');
      await smoke.ok('vm', 'workspace', 'export', vm, '--branch', 'from-guest');
      assert.equal(await git('show', 'from-guest:tracked'), 'from the guest\n');
      assert.equal(await git('status', '--porcelain'), '');
      await git('branch', '-D', 'from-guest');
    },
  ),

  repodir('workspace_full_copy', '--mode full-copy brings all history', async (smoke) => {
    const { root, git, write } = await openRepository(smoke);
    write('tracked', 'second\n');
    await git('commit', '--quiet', '--all', '--message=second');
    const { name: vm } = await create(smoke);
    await smoke.ok('vm', 'workspace', 'prepare', vm, root, '--mode', 'full-copy');
    assert.equal(await smoke.guest(vm, 'cat /root/repo/tracked'), 'second\n');
    smoke.write('.keep', '');
    // The guest has no git, so its history is looked at here.
    await smoke.ok('vm', 'cp', `${vm}:/root/repo`, smoke.path('copy'));
    const copy = ['git', '-C', smoke.path('copy'), 'log', '--format=%s'];
    assert.equal(await smoke.user.run(...(copy as [string, ...string[]])), 'second\nfirst\n');
  }),

  repodir('workspace_readonly', '--readonly takes the right to write away', async (smoke) => {
    const { root } = await openRepository(smoke);
    const { name: vm } = await create(smoke);
    await smoke.ok('vm', 'workspace', 'prepare', vm, root, '--readonly');
    const found = await smoke.guest(vm, 'find /root/repo -name .git -prune -o -perm /222 -print');
    assert.equal(found, '');
    assert.equal(await smoke.guest(vm, 'cat /root/repo/tracked'), 'tracked\n');
  }),

  repodir(
    'workspace_basecommit',
    '--base-commit tells changes from a commit; without it, from what was sent',
    async (smoke) => {
      const { root, git, write } = await openRepository(smoke);
      write('tracked', 'second\n');
      await git('commit', '--quiet', '--all', '--message=second');
      const { name: vm } = await create(smoke);
      await smoke.ok('vm', 'workspace', 'prepare', vm, root, '--mode', 'full-copy');
      await smoke.guest(vm, 'echo third > /root/repo/third');
      const exported = ['vm', 'workspace', 'export', vm];
      const alone = await smoke.ok(...exported);
      assert.match(alone, /^\+third$/m);
      assert.doesNotMatch(alone, /second/);
      const both = await smoke.ok(...exported, '--base-commit', 'begin');
      assert.match(both, /^\+third$/m);
      assert.match(both, /^\+second$/m);
    },
  ),

  repodir('workspace_restart', 'a workspace survives a stop and a start', async (smoke) => {
    const { root } = await openRepository(smoke);
    const { name: vm } = await create(smoke);
    await smoke.ok('vm', 'workspace', 'prepare', vm, root);
    await smoke.guest(vm, 'echo here > /root/repo/mark');
    await smoke.ok('vm', 'stop', vm);
    await smoke.ok('vm', 'start', vm);
    assert.equal(await smoke.guest(vm, 'cd /root/repo; cat mark tracked'), 'here\ntracked\n');
    assert.match(await smoke.ok('vm', 'workspace', 'export', vm, '--stat'), /mark/);
  }),

  repodir(
    'vm_exec',
    'exec works in the workspace, and with --auto-prepare brings it up to date',
    async (smoke) => {
      const { root, git, write } = await openRepository(smoke);
      const { name: vm } = await create(smoke);
      await smoke.ok('vm', 'workspace', 'prepare', vm, root);
      const exec = ['vm', 'exec', vm];
      const first = await smoke.banger(...exec, '--', 'sh', '-c', 'pwd; exit 7');
      assert.deepEqual([first.code, first.stdout, first.stderr], [7, '/root/repo\n', '']);
      write('tracked', 'changed\n');
      await git('commit', '--quiet', '--all', '--message=changed');
      const old = await smoke.banger(...exec, '--', 'cat', 'tracked');
      // Only who looks on at a terminal is told that it is old; a program's output stays its own.
      assert.deepEqual([old.code, old.stdout, old.stderr], [0, 'tracked\n', '']);
      assert.equal(await smoke.ok(...exec, '--auto-prepare', '--', 'cat', 'tracked'), 'changed\n');
      await smoke.ok('vm', 'stop', vm);
      await smoke.refused(/not running/, ...exec, '--', 'true');
    },
  ),

  repodir(
    'bootstrap_precondition',
    'tools that a repository names need a way out, or --no-bootstrap',
    async (smoke) => {
      const { root, git, write } = await openRepository(smoke);
      write('.mise.toml', '[tools]\nnode = "24"\n');
      await git('add', '--all');
      const words = ['vm', 'run', '--image', 'busybox', '--memory', '128M', '--name', smoke.vm];
      await smoke.refused(/\.mise\.toml.*--nat.*--no-bootstrap/, ...words, '--detach', root);
      await assertGone(smoke, smoke.vm);
      const ran = await smoke.ok(
        ...words,
        '--rm',
        '--no-bootstrap',
        root,
        '--',
        'cat',
        '.mise.toml',
      );
      assert.match(ran, /node/);
    },
  ),

  repodir(
    'workspace_conflict',
    'what was done in the guest is not overwritten, unless forced',
    async (smoke) => {
      const { root, write } = await openRepository(smoke);
      const { name: vm } = await create(smoke);
      const prepare = ['vm', 'workspace', 'prepare', vm, root];
      await smoke.ok(...prepare);
      await smoke.guest(vm, 'echo guest > /root/repo/tracked');
      write('tracked', 'host\n');
      await smoke.refused(/would be overwritten.*--force/, ...prepare);
      assert.equal(await smoke.guest(vm, 'cat /root/repo/tracked'), 'guest\n');
      await smoke.ok(...prepare, '--force');
      assert.equal(await smoke.guest(vm, 'cat /root/repo/tracked'), 'host\n');
    },
  ),
];
