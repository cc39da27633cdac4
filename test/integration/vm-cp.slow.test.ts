import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCommandLine } from './command-line.ts';
import { needsVms } from './needs.ts';
import { openVmHouse } from './vm-house.ts';

test('vm cp', { skip: needsVms }, async (t) => {
  const opened = await openVmHouse(t);
  const { home, run, runWith } = openCommandLine(opened);
  await opened.create({ name: 'web' });
  const cp = (...words: readonly string[]) => run('vm', 'cp', ...words);
  const sh = (script: string) => run('vm', 'exec', 'web', '--', 'sh', '-c', script);
  const read = (...path: readonly string[]) => readFileSync(join(home, ...path), 'utf8');
  mkdirSync(join(home, 'tree/sub'), { recursive: true });
  writeFileSync(join(home, 'tree/sub/two words'), 'content');
  symlinkSync('sub', join(home, 'tree/link'));
  writeFileSync(join(home, 'one'), '1');

  await t.test('a folder comes back as it went, under the names that cp would give', async () => {
    assert.deepEqual(await cp('tree', 'one', 'web:'), { code: 0, stdout: '', stderr: '' });
    assert.equal((await cp('one', 'web:/etc/other-name')).code, 0);
    assert.equal((await sh('cat /root/one /etc/other-name')).stdout, '11');
    assert.equal((await cp('one', String.raw`web:/etc/a,b\&c`)).code, 0);
    assert.equal((await sh(String.raw`cat '/etc/a,b\&c'`)).stdout, '1');
    assert.equal((await cp('web:/root/tree', 'back')).code, 0);
    assert.equal(read('back', 'sub', 'two words'), 'content');
    assert.ok(lstatSync(join(home, 'back/link')).isSymbolicLink());
    assert.equal((await cp('web:/root/tree', 'back')).code, 0);
    assert.equal(read('back', 'tree', 'link', 'two words'), 'content');
  });

  await t.test('tar streams go in and come out', async () => {
    const tar = execFileSync('tar', ['-C', home, '-c', 'tree']);
    assert.equal((await runWith(tar, 'vm', 'cp', '-', 'web:/srv/new')).code, 0);
    assert.equal((await sh('cat "/srv/new/tree/link/two words"')).stdout, 'content');
    const { stdout } = await cp('web:/srv/new', '-');
    const names = execFileSync('tar', ['-t'], { input: stdout, encoding: 'utf8' });
    assert.match(names, /tree\/sub\/two words/);
  });

  await t.test('what is wrong is named and changes nothing', async () => {
    for (const [words, said] of [
      [['one', 'web:/no/such/'], /"\/no\/such" is not a folder of vm "web"; make it with/],
      [['one', 'tree', 'web:/no/such'], /is not a folder/],
      [['missing', 'web:'], /there is no ".*missing" on this host/],
      [['web:/no/such', 'x'], /there is no "\/no\/such" in vm "web"/],
      [['web:/dev/null', 'x'], /is no file/],
      [['web:one', 'nowhere/x'], /make it with: mkdir -p/],
      [['one', 'two'], /one side must be NAME:PATH/],
    ] as const) {
      const { code, stderr } = await cp(...words);
      assert.notEqual(code, 0);
      assert.match(stderr, said);
    }
    assert.ok(!readdirSync(home).includes('x'));
  });

  await t.test(
    'a guest cannot plant devices, links to follow or programs with rights',
    async () => {
      await sh('mkdir -p /root/evil && cd /root/evil && ln -s /etc away && cp /bin/busybox su');
      await sh('chmod 4755 /root/evil/su');
      assert.equal((await cp('web:evil', 'evil')).code, 0);
      assert.ok(lstatSync(join(home, 'evil/away')).isSymbolicLink());
      assert.equal(lstatSync(join(home, 'evil/su')).mode & 0o7777, 0o755);
      await sh('mkfifo /root/evil/pipe');
      const { code, stderr } = await cp('web:evil', 'worse');
      assert.equal(code, 1);
      assert.match(stderr, /"pipe" is a device or pipe and stays in the guest/);
      assert.deepEqual(
        readdirSync(home).filter((name) => /worse|banger-cp/.test(name)),
        [],
      );
    },
  );
});
