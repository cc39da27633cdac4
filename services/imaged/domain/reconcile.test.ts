import assert from 'node:assert/strict';
import test from 'node:test';
import { parseVmId } from '#kit/names.ts';
import { recordedLog } from '#kit/testing/recorded-log.ts';
import { fakeImaged, imageOf } from '../testing/fakes.ts';
import { parseImageId } from './image.ts';
import { reconcile } from './reconcile.ts';

const ONE = parseImageId('0000000000000001');
const TWO = parseImageId('0000000000000002');
const VM = parseVmId('0123456789abcdef');

test('a folder without a record goes, one with a record stays', async () => {
  const { imaged, world } = fakeImaged();
  world.images.set(ONE, imageOf({ id: ONE }));
  for (const id of [ONE, TWO]) world.folders.add(id);
  world.staged = 3;
  await reconcile(imaged, recordedLog().log);
  assert.deepEqual([...world.folders], [ONE]);
  assert.equal(world.images.get(ONE)?.damage, '');
  assert.equal(world.staged, 0);
});

test('a record without its disk is marked, and cleared when the disk is back', async () => {
  const { imaged, world } = fakeImaged();
  world.images.set(ONE, imageOf({ id: ONE }));
  await reconcile(imaged, recordedLog().log);
  assert.match(world.images.get(ONE)?.damage ?? '', /missing/);
  world.folders.add(ONE);
  await reconcile(imaged, recordedLog().log);
  assert.equal(world.images.get(ONE)?.damage, '');
});

test('an image that lost its name stays for who holds it, and no longer', async () => {
  const { imaged, world } = fakeImaged();
  world.images.set(ONE, imageOf({ id: ONE, isSuperseded: true }));
  world.folders.add(ONE);
  world.leases = [{ vmId: VM, imageId: ONE }];
  await reconcile(imaged, recordedLog().log);
  assert.equal(world.images.size, 1);
  world.leases = [];
  await reconcile(imaged, recordedLog().log);
  assert.equal(world.images.size, 0);
  assert.equal(world.folders.size, 0);
});
