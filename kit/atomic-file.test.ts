import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeFileAtomic } from './atomic-file.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

test('a new file has the content and the mode asked for', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'state.json');
  await writeFileAtomic(path, 'content', 0o600);
  assert.equal(readFileSync(path, 'utf8'), 'content');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['state.json']);
});

test('an old file is replaced by a new one, and who has the old one open keeps it', async (t) => {
  const path = join(temporaryFolder(t), 'state.json');
  writeFileSync(path, 'old');
  const before = statSync(path).ino;
  await writeFileAtomic(path, Buffer.from('new'));
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.notEqual(statSync(path).ino, before);
});

test('a failure before the rename leaves the old content and nothing beside it', async (t) => {
  const folder = temporaryFolder(t);
  // A folder with something in it cannot be renamed over, so the last step fails.
  mkdirSync(join(folder, 'state.json/old'), { recursive: true });
  await assert.rejects(writeFileAtomic(join(folder, 'state.json'), 'new'), /EISDIR|ENOTEMPTY/);
  assert.deepEqual(readdirSync(folder), ['state.json']);
  assert.deepEqual(readdirSync(join(folder, 'state.json')), ['old']);
});

test('the content is on the disk before the name, and the name before the answer', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'state.json');
  writeFileSync(path, 'old');
  const look = () =>
    readdirSync(folder).map((name) => {
      const content = readFileSync(join(folder, name), 'utf8');
      return `${name.endsWith('.tmp') ? 'temporary' : name}: ${content}`;
    });
  const handle = await open(folder);
  const handles: FileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  const { sync } = handles;
  const seen: string[][] = [];
  t.mock.method(handles, 'sync', function (this: FileHandle) {
    seen.push(look().sort());
    return sync.call(this);
  });
  await writeFileAtomic(path, 'new');
  assert.deepEqual(seen, [['state.json: old', 'temporary: new'], ['state.json: new']]);
});

test('what a crash left half-written is never read and hinders nobody', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'state.json');
  writeFileSync(path, 'old');
  writeFileSync(`${path}.0123456789ab.tmp`, 'ne');
  assert.equal(readFileSync(path, 'utf8'), 'old');
  await writeFileAtomic(path, 'new');
  assert.equal(readFileSync(path, 'utf8'), 'new');
});

test('of writers at the same time one wins whole', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'state.json');
  const contents = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(100_000));
  await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
  assert.ok(contents.includes(readFileSync(path, 'utf8')));
  assert.deepEqual(readdirSync(folder), ['state.json']);
});
