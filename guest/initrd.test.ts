import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { buildInitrd, packInitrd } from './initrd.ts';
import { listCpio, noCpio, readFromCpio } from './testing/cpio-listing.ts';

const modules = ['virtio_ring.ko', 'virtio-rng.ko'].map((name) => ({
  name,
  content: Buffer.from(`content of ${name}`),
}));

test('the initrd holds the program, the devices of the first moment, and the modules in order', {
  skip: noCpio,
}, () => {
  const initrd = packInitrd(Buffer.from('program'), modules);
  const names = listCpio(initrd).map((line) => line.split(' ').at(-1));
  assert.deepEqual(names, [
    ...['dev', 'proc', 'sys', 'newroot', 'modules', 'dev/console', 'dev/null', 'init'],
    ...['modules/order', 'modules/virtio_ring.ko', 'modules/virtio-rng.ko'],
  ]);
  assert.equal(String(readFromCpio(initrd, 'init')), 'program');
  assert.equal(String(readFromCpio(initrd, 'modules/order')), 'virtio_ring.ko\nvirtio-rng.ko\n');
});

test('a kernel with everything built in gets no order', { skip: noCpio }, () => {
  const names = listCpio(packInitrd(Buffer.from('program'), []));
  assert.ok(!names.some((line) => line.includes('order')));
});

test('a compressed module and a name that leads elsewhere are refused', () => {
  for (const name of ['virtio.ko.xz', '../virtio.ko', 'a b.ko', 'order']) {
    const pack = () => packInitrd(Buffer.alloc(1), [{ name, content: Buffer.alloc(1) }]);
    assert.throws(pack, BangerError, name);
  }
});

test('equal parts are packed once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'banger-guest-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const guestPath = join(folder, 'guest');
  writeFileSync(guestPath, 'program');
  const options = { guestPath, modules, cacheFolder: join(folder, 'cache') };
  const paths = await Promise.all([buildInitrd(options), buildInitrd(options)]);
  assert.equal(paths[0], paths[1]);
  assert.deepEqual(readFileSync(paths[0] ?? ''), packInitrd(Buffer.from('program'), modules));
  writeFileSync(guestPath, 'another');
  assert.notEqual(await buildInitrd(options), paths[0]);
  assert.equal(readdirSync(options.cacheFolder).length, 2);
});
