import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB, makeDisk } from './testing/disks.ts';
import { file, folderOf, rootFolder } from './testing/trees.ts';

test('small files get more inodes, with some to spare', async (t) => {
  const files = Array.from({ length: 12_000 }, (_, n) => [`f${n}`, file('')] as const);
  const plan = rootFolder({ d: folderOf(new Map(files)) });
  const { figures } = await makeDisk(t, plan, { size: { exactBytes: 100 * MIB } });
  assert.ok(figures.freeInodes >= 3000);
});

test('more files than the groups can have inodes for make the disk larger, or fill it', async (t) => {
  const files = Array.from({ length: 40_000 }, (_, n) => [`f${n}`, file('')] as const);
  const plan = rootFolder({ d: folderOf(new Map(files)) });
  const { figures } = await makeDisk(t, plan, { size: { freeBytes: 0 } });
  assert.ok(figures.sizeBytes > 128 * MIB);
  await assert.rejects(makeDisk(t, plan, { size: { exactBytes: 100 * MIB } }), {
    reason: 'DISK_FULL',
  });
});
