import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { checkVmmUids } from './vmm-uids.ts';

const RANGE = { base: 80_000, count: 100 };

test('a range that nobody has passes, also without a file of subordinate uids', (t) => {
  const accounts = [
    { name: 'below', uid: 79_999 },
    { name: 'above', uid: 80_100 },
  ];
  const check = checkVmmUids(RANGE, accounts, join(temporaryFolder(t), 'none'));
  assert.equal(check.status, 'pass');
  assert.equal(check.detail, "80000 to 80099 are nobody else's");
});

test('an account or a user namespace within it is named', (t) => {
  const file = join(temporaryFolder(t), 'subuid');
  writeFileSync(file, '# none\nalice:79990:11\nbob:80100:65536\n');
  const check = checkVmmUids(RANGE, [{ name: 'carol', uid: 80_099 }], file);
  assert.equal(check.status, 'fail');
  assert.match(check.detail, /overlap with what carol, alice has; set rootd.uid_base/);
});
