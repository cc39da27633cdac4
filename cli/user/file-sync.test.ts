import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import type { Context } from '../context.ts';
import { readSyncedFiles } from './file-sync.ts';

function open(t: TestContext, config: string) {
  const home = temporaryFolder(t);
  const file = join(home, 'config.toml');
  writeFileSync(file, config);
  const notes: string[] = [];
  const out = { note: (text: string) => void notes.push(text) };
  const context = { env: { HOME: home }, paths: { config: file }, out } as unknown as Context;
  return { home, notes, read: () => readSyncedFiles(context) };
}

const entry = (host: string, guest: string, more = '') =>
  `[[file_sync]]\nhost = "${host}"\nguest = "${guest}"\n${more}`;

test('a file goes where the entry says, closed to others unless it says otherwise', async (t) => {
  const config = entry('~/.netrc', '~/.netrc') + entry('~/tool', '/root/bin/tool', 'mode = "0755"');
  const { home, read } = open(t, config);
  for (const name of ['.netrc', 'tool']) writeFileSync(join(home, name), name);
  assert.deepEqual(await read(), [
    { guestPath: '/root/.netrc', content: Buffer.from('.netrc'), mode: 0o600 },
    { guestPath: '/root/bin/tool', content: Buffer.from('tool'), mode: 0o755 },
  ]);
});

test('a folder goes with its own modes, and links in it stay behind with a word', async (t) => {
  const { home, notes, read } = open(t, entry('~/dir', '~/dir'));
  mkdirSync(join(home, 'dir/deep'), { recursive: true });
  writeFileSync(join(home, 'dir/deep/run'), 'x');
  chmodSync(join(home, 'dir/deep/run'), 0o750);
  symlinkSync('/etc/shadow', join(home, 'dir/link'));
  assert.deepEqual(await read(), [
    { guestPath: '/root/dir/deep/run', content: Buffer.from('x'), mode: 0o750 },
  ]);
  assert.match(notes.join(), /dir\/link" is a link/);
});

test('what is not here is left out with a word', async (t) => {
  const { notes, read } = open(t, entry('~/.missing', '~/.missing'));
  assert.deepEqual(await read(), []);
  assert.match(notes.join(), /"~\/\.missing" is not here/);
});

test('an entry that could end up elsewhere is refused with its place', async (t) => {
  for (const config of [
    entry('relative', '~/a'),
    entry('~other/a', '~/a'),
    entry('~/a', '/etc/passwd'),
    entry('~/a', '~/../etc/passwd'),
    entry('~/a', '~/a', 'mode = "rw"'),
    '[[file_sync]]\nhost = "~/a"\n',
  ]) {
    await assert.rejects(open(t, config).read, failsWith('INVALID_FIELD', /file_sync\[0\]/));
  }
});

test('more than a request may carry is refused with the figures', async (t) => {
  const { home, read } = open(t, entry('~/big', '~/big'));
  writeFileSync(join(home, 'big'), Buffer.alloc(4 * 2 ** 20));
  await assert.rejects(read, failsWith('INVALID_FIELD', /4 MiB and may have 3 MiB/));
});
