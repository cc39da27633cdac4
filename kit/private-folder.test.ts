import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensurePrivateFolder } from './private-folder.ts';
import { failsWith } from './testing/fails-with.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const uid = process.getuid?.() ?? 0;
const refused = failsWith('HOST_NOT_READY', /must be a folder of uid \d+ that nobody else/);

test('a folder that is not there is made for its owner only, with those above it', (t) => {
  const path = join(temporaryFolder(t), 'run/banger');
  ensurePrivateFolder(path, uid);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  ensurePrivateFolder(path, uid);
});

test('a folder that others may pass through is made so, whatever the umask', (t) => {
  const path = join(temporaryFolder(t), 'banger-root');
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  ensurePrivateFolder(path, uid, 0o711);
  assert.equal(statSync(path).mode & 0o777, 0o711);
});

test('a folder that others may look into and not write to is used as it is', (t) => {
  const path = join(temporaryFolder(t), 'banger');
  mkdirSync(path, { mode: 0o755 });
  ensurePrivateFolder(path, uid);
  assert.equal(statSync(path).mode & 0o777, 0o755);
});

test('a folder that the group or everybody may write to is refused', (t) => {
  const path = join(temporaryFolder(t), 'banger');
  mkdirSync(path);
  for (const mode of [0o770, 0o707, 0o1777]) {
    chmodSync(path, mode);
    assert.throws(() => ensurePrivateFolder(path, uid), refused, mode.toString(8));
  }
});

test('a link is refused, wherever it leads', (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'real'), { mode: 0o700 });
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
  assert.throws(() => ensurePrivateFolder(join(folder, 'link'), uid), refused);
  assert.throws(() => ensurePrivateFolder(join(folder, 'dangling'), uid), refused);
});

test('a file in its place is refused', (t) => {
  const path = join(temporaryFolder(t), 'banger');
  writeFileSync(path, '');
  assert.throws(() => ensurePrivateFolder(path, uid), refused);
});

test('a folder of somebody else is refused', { skip: uid !== 0 && 'needs root' }, (t) => {
  const path = join(temporaryFolder(t), 'banger');
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, 1501, 1501);
  assert.throws(() => ensurePrivateFolder(path, uid), refused);
  ensurePrivateFolder(path, 1501);
});
