import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from '#kit/database.ts';
import { parseImageName, parseVmId } from '#kit/names.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { parseImageId } from '../domain/image.ts';
import { imageOf } from '../testing/fakes.ts';
import { type ImageTables, openImageStore } from './image-store.ts';
import { MIGRATIONS } from './migrations.ts';

const OLD = imageOf();
const NEW = imageOf({ id: parseImageId('00000000000000bb') });
const VM = parseVmId('0123456789abcdef');

function openStore(t: TestContext) {
  const { db } = openDatabase<ImageTables>(join(temporaryFolder(t), 'imaged.db'), MIGRATIONS);
  t.after(() => db.destroy());
  return { store: openImageStore(db), db };
}

test('gives back what it was given', async (t) => {
  const { store } = openStore(t);
  const registered = { ...NEW, name: parseImageName('mine'), registeredPath: '/mine' };
  await store.publish(OLD, false);
  await store.publish({ ...registered, diskDigest: undefined }, false);
  assert.deepEqual(await store.find(OLD.id), OLD);
  assert.deepEqual(await store.findByName(registered.name), {
    ...registered,
    diskDigest: undefined,
  });
  assert.deepEqual(
    (await store.list()).map(({ name }) => name),
    ['mine', 'web'],
  );
});

test('a name goes to another image only on demand', async (t) => {
  const { store } = openStore(t);
  assert.equal(await store.publish(OLD, false), undefined);
  await assert.rejects(store.publish(NEW, false), failsWith('IMAGE_EXISTS', /--replace/));
  assert.equal(await store.publish(NEW, true), OLD.id);
  assert.deepEqual(await store.list(), [NEW]);
});

test('an image that is held loses its name, and goes with its last holder', async (t) => {
  const { store } = openStore(t);
  await store.publish(OLD, false);
  await store.lease(VM, OLD.id);
  assert.equal(await store.publish(NEW, true), undefined);
  assert.equal((await store.find(OLD.id))?.name, `web-${OLD.id}`);
  assert.equal(await store.release(VM), OLD.id);
  assert.deepEqual(await store.list(), [NEW]);
  assert.equal(await store.release(VM), undefined);
});

test('an image that is held is not removed, and a VM holds one image', async (t) => {
  const { store, db } = openStore(t);
  await store.publish(OLD, false);
  for (const _ of [1, 2]) await store.lease(VM, OLD.id);
  await assert.rejects(store.remove(OLD.id), failsWith('IMAGE_IN_USE', new RegExp(VM)));
  await store.publish({ ...NEW, name: parseImageName('other') }, false);
  await assert.rejects(store.lease(VM, NEW.id), failsWith('OPERATION_REFUSED', /release/));
  await store.release(VM);
  assert.equal(await store.remove(OLD.id), true);
  assert.equal(await store.remove(OLD.id), false);
  await assert.rejects(store.lease(VM, OLD.id), failsWith('IMAGE_NOT_FOUND', /deleted/));
  await sql`insert into kernels values ('k', 'k', 0, '{}')`.execute(db);
  await db.insertInto('kernel_leases').values({ vm_id: VM, kernel_id: 'k' }).execute();
  assert.deepEqual(await store.leases(), [{ vmId: VM, imageId: undefined }]);
});

test('a record that cannot be read is said to be so', async (t) => {
  const { store, db } = openStore(t);
  await store.publish(OLD, false);
  await db.updateTable('images').set({ record: '{"id":"00000000000000aa"}' }).execute();
  await assert.rejects(store.list(), failsWith('STATE_CORRUPT', /image\./));
});
