import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findAccount, findGroup, isMember, readAccounts, readGroups } from './accounts.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

test('accounts and groups are read from files of their usual form', (t) => {
  const folder = temporaryFolder(t);
  const passwd = join(folder, 'passwd');
  const group = join(folder, 'group');
  writeFileSync(passwd, '# local\nroot:x:0:0:root:/root:/bin/sh\n\nada:x:1000:1001::/home/ada:\n');
  writeFileSync(group, 'banger:x:990:ada,bob\nempty:x:991:\n');
  assert.deepEqual(readAccounts(passwd), [
    { name: 'root', uid: 0, gid: 0, home: '/root' },
    { name: 'ada', uid: 1000, gid: 1001, home: '/home/ada' },
  ]);
  assert.deepEqual(readGroups(group), [
    { name: 'banger', gid: 990, members: ['ada', 'bob'] },
    { name: 'empty', gid: 991, members: [] },
  ]);
});

test("this host's own files are readable, and what is not in them is not found", () => {
  assert.equal(findAccount('root')?.uid, 0);
  assert.equal(findGroup('root')?.gid, 0);
  assert.equal(findAccount('banger-no-such-account'), undefined);
  assert.equal(findGroup('banger-no-such-group'), undefined);
});

test('a process is a member by its group or by the name of its account', () => {
  const group = { name: 'banger', gid: 990, members: ['root'] };
  assert.equal(isMember(4_000_000_000, 990, group), true);
  assert.equal(isMember(0, 0, group), true);
  assert.equal(isMember(4_000_000_000, 0, group), false);
  assert.equal(isMember(0, 0, { ...group, members: [] }), false);
});
