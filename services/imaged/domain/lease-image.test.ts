import assert from 'node:assert/strict';
import test from 'node:test';
import { isAbort } from '#kit/abort.ts';
import { parseImageName, parseVmId } from '#kit/names.ts';
import { callOf } from '#kit/testing/call-of.ts';
import { fakeImaged, imageOf } from '../testing/fakes.ts';
import { leaseImage } from './lease-image.ts';

const VM = parseVmId('0123456789abcdef');

test('nothing is held for a caller who left while the image was looked up', async () => {
  const { imaged, world } = fakeImaged();
  const image = imageOf({ name: parseImageName('web') });
  world.images.set(image.id, image);
  world.folders.add(image.id);
  const left = new AbortController();
  const leasing = leaseImage(imaged, { ...callOf(), signal: left.signal }, VM, 'web');
  left.abort();
  await assert.rejects(leasing, isAbort);
  assert.deepEqual(world.leases, []);
  await leaseImage(imaged, callOf(), VM, 'web');
  assert.equal(world.leases.length, 1);
});
