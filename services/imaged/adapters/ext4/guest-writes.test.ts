import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkDisk, MIB, makeDisk } from './testing/disks.ts';
import { missingMounts, mount, unmount } from './testing/mounted.ts';
import { file, folderOf, rootFolder } from './testing/trees.ts';

const NAMES = Array.from({ length: 3000 }, (_, n) => Buffer.from(`name-${n}-é`).toString('latin1'));
const PLAN = rootFolder({ d: folderOf(new Map(NAMES.map((name) => [name, file(name)]))) });

test('a kernel that works in a disk leaves it sound', {
  skip: await missingMounts(),
}, async (t) => {
  const { path } = await makeDisk(t, PLAN, { size: { freeBytes: 300 * MIB } });
  const folder = await mount(t, path, 'rw');
  const large = join(folder, 'd');
  const names = readdirSync(large);
  for (const name of names.slice(0, 1000)) rmSync(join(large, name));
  for (let n = 0; n < 2000; n++) writeFileSync(join(large, `added-${n}`), `added ${n}`);
  renameSync(join(large, 'added-7'), join(folder, 'moved'));
  for (let n = 0; n < 50; n++) {
    mkdirSync(join(folder, `folder-${n}`));
    writeFileSync(join(folder, `folder-${n}`, 'f'), Buffer.alloc(5 * MIB, n));
  }
  assert.equal(readdirSync(large).length, 3999);
  await unmount(folder);
  checkDisk(path);
});
