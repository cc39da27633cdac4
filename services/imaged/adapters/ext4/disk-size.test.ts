import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDisk } from './disk.ts';
import { assertHolds, checkDisk, MIB, makeDisk, makeDiskPath, OPTIONS } from './testing/disks.ts';
import { missingMounts, mountMemory } from './testing/mounted.ts';
import { file, rootFolder, writePieces, writeTree } from './testing/trees.ts';

const PLAN = rootFolder({ f: file('content') });

const EXACT_SIZES_MIB = [8, 63.7, 128, 130, 132, 256, 384.5, 385, 1152, 8192, 1024 * 1024];

for (const sizeMib of EXACT_SIZES_MIB) {
  test(`a disk of exactly ${sizeMib} MiB is sound, and takes next to nothing`, async (t) => {
    const sizeBytes = Math.floor(sizeMib * MIB);
    const { path, figures } = await makeDisk(t, PLAN, { size: { exactBytes: sizeBytes } });
    const { size, blocks } = statSync(path);
    assert.equal(figures.sizeBytes, sizeBytes - (sizeBytes % 4096));
    assert.equal(size, figures.sizeBytes);
    assert.ok(blocks * 512 <= 12 * MIB, `${blocks} sectors are allocated`);
    if (sizeMib <= 1152) await assertHolds(t, path, PLAN);
  });
}

for (const freeMib of [0, 0.3, 16, 126, 127, 128, 300, 5000]) {
  test(`a disk with ${freeMib} MiB free has that and little more`, async (t) => {
    const freeBytes = Math.floor(freeMib * MIB);
    const { figures } = await makeDisk(t, PLAN, { size: { freeBytes } });
    assert.ok(figures.freeBytes >= freeBytes);
    assert.ok(figures.freeBytes < freeBytes + 9 * MIB);
    assert.ok(figures.freeInodes > 8000);
  });
}

test('a disk that is too small for its own metadata is full', async (t) => {
  await assert.rejects(makeDisk(t, PLAN, { size: { exactBytes: 4 * MIB } }), {
    reason: 'DISK_FULL',
  });
});

test('a disk that fills up while contents stream in says so, and can still be closed', async (t) => {
  const path = await makeDiskPath(t);
  await using disk = await createDisk(path, { ...OPTIONS, size: { exactBytes: 32 * MIB } });
  const chunk = { bytes: Buffer.alloc(MIB, 1) };
  await assert.rejects(writePieces(Array(33).fill(chunk), disk.contents), { reason: 'DISK_FULL' });
});

test('contents that leave no room for metadata fill the disk as well', async (t) => {
  const plan = rootFolder({ f: file(Buffer.alloc(30 * MIB, 1)) });
  await assert.rejects(makeDisk(t, plan, { size: { exactBytes: 32 * MIB } }), {
    reason: 'DISK_FULL',
  });
});

test('no disk grows beyond its maximum to have the free space asked for', async (t) => {
  const size = { size: { freeBytes: 60 * MIB }, maximumSizeBytes: 64 * MIB };
  await assert.rejects(makeDisk(t, PLAN, size), { reason: 'DISK_FULL' });
});

test('a host without space left fails as a full disk', {
  skip: await missingMounts(),
}, async (t) => {
  const path = join(await mountMemory(t, 8), 'disk.ext4');
  await using disk = await createDisk(path, OPTIONS);
  const plan = rootFolder({ f: file(Buffer.alloc(40 * MIB, 1)) });
  const full = writeTree(plan, disk.contents).then((root) => disk.finish({ root }));
  await assert.rejects(full, (error: Error & { reason?: string }) => {
    assert.equal(error.reason, 'DISK_FULL');
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOSPC');
    return true;
  });
});

test('a host whose space ends at the last write fails as a full disk', {
  skip: await missingMounts(),
}, async (t) => {
  const path = join(await mountMemory(t, 8), 'disk.ext4');
  await using disk = await createDisk(path, OPTIONS);
  const root = await writeTree(
    rootFolder({ f: file(Buffer.alloc(8 * MIB - 16_384, 1)) }),
    disk.contents,
  );
  await assert.rejects(disk.finish({ root }), { reason: 'DISK_FULL' });
});

test('the space of replaced files is used again, and what is left of it is free', async (t) => {
  const path = await makeDiskPath(t);
  await using disk = await createDisk(path, { ...OPTIONS, size: { freeBytes: 0 } });
  const old = [];
  for (let n = 0; n < 40; n++) {
    old.push(await writePieces([{ bytes: Buffer.alloc(MIB + n, 9) }], disk.contents));
  }
  for (const content of old) disk.contents.discard(content);
  const children = Object.fromEntries(
    Array.from({ length: 300 }, (_, n) => [`f${n}`, file(Buffer.alloc(n * 500, n))]),
  );
  const plan = rootFolder({ ...children, large: file(Buffer.alloc(2 * MIB, 3)) });
  const root = await writeTree(plan, disk.contents);
  const figures = await disk.finish({ root });
  assert.ok(figures.freeBytes > 15 * MIB, `${figures.freeBytes} bytes are free`);
  assert.ok(figures.sizeBytes < 70 * MIB, `the disk has ${figures.sizeBytes} bytes`);
  checkDisk(path);
  await assertHolds(t, path, plan);
});
