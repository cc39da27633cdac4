import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { growOverlay, writeOverlay } from './qcow2.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const TIB = 2 ** 40;
const skip = spawnSync('qemu-img', ['--version']).error === undefined ? false : 'needs qemu-img';

function makeBase(t: TestContext, name = 'base.ext4') {
  const folder = temporaryFolder(t);
  const base = join(folder, name);
  mkdirSync(join(base, '..'), { recursive: true });
  writeFileSync(base, Buffer.alloc(MIB, 'base'));
  truncateSync(base, 16 * MIB);
  return { base, overlay: join(folder, 'root.qcow2') };
}

const image = (...args: string[]) => execFileSync('qemu-img', args, { encoding: 'utf8' });
const info = (path: string) => JSON.parse(image('info', '--output=json', path));
const io = (path: string, command: string) =>
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', command, path], { encoding: 'utf8' });

test('an overlay is what qemu-img takes for one, over a base of a known format', {
  skip,
}, async (t) => {
  const { base, overlay } = makeBase(t, 'with a, comma/base.ext4');
  await writeOverlay(overlay, base, 8 * GIB);
  image('check', overlay);
  const found = info(overlay);
  assert.equal(found['virtual-size'], 8 * GIB);
  assert.deepEqual([found['backing-filename'], found['backing-filename-format']], [base, 'raw']);
  assert.ok(statSync(overlay).blocks * 512 < MIB);
  assert.equal(statSync(overlay).mode & 0o777, 0o600);
});

test('it reads as the base does, takes writes, and leaves the base alone', { skip }, async (t) => {
  const { base, overlay } = makeBase(t);
  await writeOverlay(overlay, base, GIB);
  assert.doesNotMatch(io(overlay, 'read -P 0x62 0 1'), /failed/);
  io(overlay, `write -P 0x55 ${GIB - 4096} 4096`);
  io(overlay, 'write -P 0x66 0 4096');
  assert.doesNotMatch(io(overlay, 'read -P 0x66 0 4096'), /failed/);
  image('check', overlay);
  assert.equal(statSync(base).size, 16 * MIB);
  assert.doesNotMatch(
    execFileSync('qemu-io', ['-f', 'raw', '-r', '-c', 'read -P 0x62 0 1', base], {
      encoding: 'utf8',
    }),
    /failed/,
  );
});

test('a grown overlay keeps what was written and reads as zeros beyond', { skip }, async (t) => {
  const { base, overlay } = makeBase(t);
  await writeOverlay(overlay, base, GIB);
  io(overlay, `write -P 0x55 ${GIB - 4096} 4096`);
  for (const size of [20 * GIB, TIB, 4 * TIB]) {
    await growOverlay(overlay, size);
    image('check', overlay);
    assert.equal(info(overlay)['virtual-size'], size);
    assert.doesNotMatch(io(overlay, `read -P 0x55 ${GIB - 4096} 4096`), /failed/);
    assert.doesNotMatch(io(overlay, `read -P 0 ${size - 4096} 4096`), /failed/);
  }
  io(overlay, `write -P 0x77 ${4 * TIB - 4096} 4096`);
  image('check', overlay);
});

test('an overlay never shrinks, and one that exists is not written over', { skip }, async (t) => {
  const { base, overlay } = makeBase(t);
  await writeOverlay(overlay, base, GIB);
  await growOverlay(overlay, 512 * MIB);
  assert.equal(info(overlay)['virtual-size'], GIB);
  await assert.rejects(writeOverlay(overlay, base, GIB), { code: 'EEXIST' });
  await assert.rejects(growOverlay(overlay, 5 * TIB), RangeError);
});
