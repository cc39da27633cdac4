import assert from 'node:assert/strict';
import { readFileSync, truncateSync } from 'node:fs';
import { test } from 'node:test';
import { runTool } from '../../testing/run-tool.ts';
import { assertHolds, checkDisk, MIB, makeDisk } from './testing/disks.ts';
import { missingMounts, mount, unmount } from './testing/mounted.ts';
import { file, folderOf, rootFolder } from './testing/trees.ts';

const TIB = 2 ** 40;
const FILES = Array.from({ length: 400 }, (_, n) => [`name-${n}`, file(`content ${n}`)] as const);
const PLAN = rootFolder({ d: folderOf(new Map(FILES)), large: file(Buffer.alloc(20 * MIB, 7)) });

for (const size of [{ exactBytes: 256 * MIB }, { freeBytes: 8 * MIB }]) {
  const name = JSON.stringify(size);
  test(`a disk of ${name} grows to 1 TiB, and keeps what it holds`, async (t) => {
    const { path } = await makeDisk(t, PLAN, { size });
    truncateSync(path, TIB);
    await runTool('resize2fs', path);
    checkDisk(path);
    assert.equal(await blockCount(path), TIB / 4096);
    await assertHolds(t, path, PLAN);
  });

  test(`a disk of ${name} grows to 1 TiB while it is mounted`, {
    skip: await missingResize(),
  }, async (t) => {
    const { path } = await makeDisk(t, PLAN, { size });
    truncateSync(path, TIB);
    const folder = await mount(t, path, 'rw');
    await runTool('resize2fs', await runTool('findmnt', '-no', 'SOURCE', folder));
    await unmount(folder);
    checkDisk(path);
    assert.equal(await blockCount(path), TIB / 4096);
    await assertHolds(t, path, PLAN);
  });
}

/** The kernel wants CAP_SYS_RESOURCE to grow a mounted file system; root in a container has it not. */
async function missingResize(): Promise<string | false> {
  const missing = await missingMounts();
  if (missing !== false) return missing;
  const [, effective = '0'] =
    /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const hasResource = (BigInt(`0x${effective}`) >> 24n) & 1n;
  return hasResource === 1n ? false : 'growing a mounted file system needs CAP_SYS_RESOURCE';
}

async function blockCount(path: string): Promise<number> {
  const found = await runTool('dumpe2fs', '-h', path);
  return Number(/^Block count: +(\d+)$/m.exec(found)?.[1]);
}
