import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, truncateSync } from 'node:fs';
import { test } from 'node:test';
import { assertHolds, checkDisk, MIB, makeDisk } from './testing/disks.ts';
import { mount, unmount, whyNoMount } from './testing/mounted.ts';
import { file, folderOf, rootFolder } from './testing/trees.ts';

const TIB = 2 ** 40;
const FILES = Array.from({ length: 400 }, (_, n) => [`name-${n}`, file(`content ${n}`)] as const);
const PLAN = rootFolder({ d: folderOf(new Map(FILES)), large: file(Buffer.alloc(20 * MIB, 7)) });

for (const size of [{ exactBytes: 256 * MIB }, { freeBytes: 8 * MIB }]) {
  const name = JSON.stringify(size);
  test(`a disk of ${name} grows to 1 TiB, and keeps what it holds`, async (t) => {
    const { path } = await makeDisk(t, PLAN, { size });
    truncateSync(path, TIB);
    execFileSync('resize2fs', [path], { stdio: 'pipe' });
    checkDisk(path);
    assert.equal(blockCount(path), TIB / 4096);
    await assertHolds(t, path, PLAN);
  });

  test(`a disk of ${name} grows to 1 TiB while it is mounted`, {
    skip: whyNoResize(),
  }, async (t) => {
    const { path } = await makeDisk(t, PLAN, { size });
    truncateSync(path, TIB);
    const folder = mount(t, path, 'rw');
    execFileSync('resize2fs', [deviceOf(folder)], { stdio: 'pipe' });
    unmount(folder);
    checkDisk(path);
    assert.equal(blockCount(path), TIB / 4096);
    await assertHolds(t, path, PLAN);
  });
}

/** The kernel wants CAP_SYS_RESOURCE to grow a mounted file system; root in a container has it not. */
function whyNoResize(): string | undefined {
  const why = whyNoMount();
  if (why !== undefined) return why;
  const [, effective = '0'] =
    /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const hasResource = (BigInt(`0x${effective}`) >> 24n) & 1n;
  return hasResource === 1n ? undefined : 'growing a mounted file system needs CAP_SYS_RESOURCE';
}

function deviceOf(folder: string): string {
  const { stdout } = spawnSync('findmnt', ['-no', 'SOURCE', folder], { encoding: 'utf8' });
  return stdout.trim();
}

function blockCount(path: string): number {
  const found = spawnSync('dumpe2fs', ['-h', path], { encoding: 'utf8' }).stdout;
  return Number(/^Block count: +(\d+)$/m.exec(found)?.[1]);
}
