import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { openImage } from './adapters/ext4/image.ts';
import { writeTar } from './testing/archive-fixture.ts';
import { startImaged } from './testing/imaged-process.ts';
import { collect, pull } from './testing/pull-client.ts';
import { systemMembers } from './testing/system-image.ts';
import { makeTemporaryFolder } from './testing/temporary-folder.ts';

const VM = '0123456789abcdef';
const OTHER_VM = 'fedcba9876543210';

/** A disk outside of imaged's folders. */
async function startWithDisk(t: TestContext) {
  const folder = await makeTemporaryFolder(t);
  const imaged = await startImaged(t);
  const tar = await writeTar(folder, systemMembers());
  const { image } = await pull(imaged, { source: 'tar:', name: 'made' }, { path: tar });
  const { diskPath } = await imaged.images.leaseImage({ vmId: VM, image: 'made' });
  const path = join(folder, 'mine.ext4');
  await copyFile(diskPath, path);
  await chmod(path, 0o600);
  await imaged.images.releaseImage({ vmId: VM });
  return { imaged, folder, path, image };
}

test('a registered disk stays where it is, and has a seed of its own', async (t) => {
  const { imaged, path } = await startWithDisk(t);
  const { image } = await imaged.images.registerImage({ name: 'mine', path });
  assert.equal(image?.managed, false);
  assert.equal(image?.source, path);
  assert.equal(image?.diskDigest, '');
  assert.equal(image?.config?.init, '/sbin/init');
  const leased = await imaged.images.leaseImage({ vmId: VM, image: 'mine' });
  assert.equal(leased.diskPath, path);
  await using seed = await openImage(leased.seedPath);
  assert.equal((await seed.findFile('/.profile', 100))?.toString(), 'seed=1\n');
  const again = await imaged.images.registerImage({ name: 'mine', path });
  assert.equal(again.image?.id, image?.id);
  await assert.rejects(
    imaged.images.registerImage({ name: 'made', path }),
    failsWith('IMAGE_EXISTS', /"made"/),
  );
  const exporting = imaged.images.exportImage({ image: 'mine' })[Symbol.asyncIterator]();
  await assert.rejects(exporting.next(), failsWith('OPERATION_REFUSED', /promote/));
});

test('what is no plain ext4 disk under an absolute path is not registered', async (t) => {
  const { imaged, folder, path } = await startWithDisk(t);
  const link = join(folder, 'link');
  await symlink(path, link);
  await mkdir(join(folder, 'folder'));
  const text = join(folder, 'text');
  await writeFile(text, 'x'.repeat(5000));
  const cut = join(folder, 'cut');
  await copyFile(path, cut);
  await truncate(cut, 8192);
  const wrong = [
    ['mine.ext4', 'INVALID_FIELD', /absolute/],
    [link, 'INVALID_FIELD', /is a link/],
    [join(folder, 'folder'), 'INVALID_FIELD', /not a file/],
    [join(folder, 'none'), 'INVALID_FIELD', /does not exist/],
    ['/dev/null', 'INVALID_FIELD', /not a file/],
    [text, 'IMAGE_CORRUPT', /ext4/],
    [cut, 'IMAGE_CORRUPT', /cut short/],
  ] as const;
  for (const [place, reason, message] of wrong) {
    const registering = imaged.images.registerImage({ name: 'mine', path: place });
    await assert.rejects(registering, failsWith(reason, message), place);
  }
  assert.equal((await imaged.list('images')).length, 1);
  assert.deepEqual(await imaged.list('staging'), []);
});

test('a promoted image is a copy under the same name; who held the disk keeps it', async (t) => {
  const { imaged, path, image } = await startWithDisk(t);
  await imaged.images.registerImage({ name: 'mine', path });
  await imaged.images.leaseImage({ vmId: VM, image: 'mine' });
  const { image: promoted } = await collect(imaged.images.promoteImage({ image: 'mine' }));
  assert.equal(promoted.managed, true);
  assert.equal(promoted.name, 'mine');
  assert.equal(promoted.diskDigest, image.diskDigest);
  const twice = await collect(imaged.images.promoteImage({ image: 'mine' }));
  assert.equal(twice.image.id, promoted.id);
  assert.equal((await imaged.images.listImages({})).images.length, 3);
  await imaged.images.releaseImage({ vmId: VM });
  assert.equal((await imaged.images.listImages({})).images.length, 2);
  await rm(path);
  assert.equal((await collect(imaged.images.verifyImage({ image: 'mine' }))).image.id, promoted.id);
});

test('a disk that changed or went is told as damaged, and is no reason not to pull again', async (t) => {
  const { imaged, path, folder } = await startWithDisk(t);
  await imaged.images.registerImage({ name: 'mine', path });
  const { diskPath } = await imaged.images.leaseImage({ vmId: VM, image: 'made' });
  await imaged.images.releaseImage({ vmId: VM });
  await chmod(diskPath, 0o600);
  await truncate(diskPath, 1_000_000);
  await rm(path);
  const verifying = collect(imaged.images.verifyImage({ image: 'made' }));
  await assert.rejects(verifying, failsWith('IMAGE_CORRUPT', /hashes to/));
  for (const image of ['made', 'mine']) {
    const leasing = imaged.images.leaseImage({ vmId: VM, image });
    await assert.rejects(leasing, failsWith('IMAGE_CORRUPT', /cannot be used/), image);
  }
  await imaged.kill();
  await imaged.start();
  const tar = await writeTar(folder, systemMembers());
  await pull(imaged, { source: 'tar:', name: 'made' }, { path: tar });
  const leased = await imaged.images.leaseImage({ vmId: VM, image: 'made' });
  await copyFile(leased.diskPath, path);
  await imaged.images.leaseImage({ vmId: OTHER_VM, image: 'mine' });
});
