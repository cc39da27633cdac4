import assert from 'node:assert/strict';
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Digest, digestHex, digestOf } from '../../domain/digest.ts';
import { makeImage } from '../../testing/image-fixture.ts';
import { pullOptions, setUpPulls } from '../../testing/pull-setup.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { startScriptedRegistry } from '../../testing/scripted-registry.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { BlobCache } from './blob-cache.ts';
import { blobUsage, pruneBlobs } from './prune-blobs.ts';

async function makeCache(t: TestContext, ...blobs: Buffer[]): Promise<BlobCache> {
  const cache = new BlobCache(await makeTemporaryFolder(t));
  await mkdir(cache.folder, { recursive: true });
  for (const blob of blobs) await writeFile(cache.pathsOf(digestOf(blob)).path, blob);
  return cache;
}

const [A, B] = [Buffer.alloc(10_000, 'a'), Buffer.alloc(20_000, 'b')];
const digests: Digest[] = [A, B].map(digestOf);

test('counts blobs, cut downloads, and what they really take on the disk', async (t) => {
  const cache = await makeCache(t, A, B);
  const { partialPath } = cache.pathsOf(digestOf(Buffer.from('partial')));
  await writeFile(partialPath, '');
  await truncate(partialPath, 2 ** 30);
  const usage = await blobUsage(cache);
  assert.equal(usage.blobs, 2);
  assert.equal(usage.partialBlobs, 1);
  assert.equal(usage.sizeBytes, 30_000 + 2 ** 30);
  assert.ok(usage.allocatedBytes >= 30_000 && usage.allocatedBytes < 2 ** 20);
});

test('finds nothing in a cache that was never used', async (t) => {
  const cache = new BlobCache(join(await makeTemporaryFolder(t), 'new'));
  const nothing = { blobs: 0, partialBlobs: 0, sizeBytes: 0, allocatedBytes: 0 };
  assert.deepEqual(await blobUsage(cache), nothing);
  assert.deepEqual(await pruneBlobs(cache, false), { removed: nothing, kept: nothing });
});

test('says what it would remove, and leaves it', async (t) => {
  const cache = await makeCache(t, A, B);
  const { removed } = await pruneBlobs(cache, true);
  assert.equal(removed.blobs, 2);
  assert.equal(removed.sizeBytes, 30_000);
  assert.equal((await readdir(cache.folder)).length, 2);
});

test('removes all but what somebody holds, until it is let go', async (t) => {
  const cache = await makeCache(t, A, B);
  await writeFile(`${cache.pathsOf(digestOf(Buffer.alloc(1))).path}.pruned`, 'left by a crash');
  await writeFile(cache.pathsOf(digestOf(B)).partialPath, 'cut');
  await writeFile(join(cache.folder, 'not-ours'), 'x');
  const first = cache.hold(digests.slice(1));
  const second = cache.hold(digests.slice(1));
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  const { removed, kept } = await pruneBlobs(cache, false);
  assert.deepEqual([removed.blobs, kept.blobs, kept.partialBlobs], [2, 1, 1]);
  const held = digestHex(digestOf(B));
  assert.deepEqual(
    (await readdir(cache.folder)).sort(),
    [held, `${held}.partial`, 'not-ours'].sort(),
  );
  second[Symbol.dispose]();
  await pruneBlobs(cache, false);
  assert.deepEqual(await readdir(cache.folder), ['not-ours']);
});

test('takes nothing away from a pull that goes on, and all of it afterwards', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage());
  const { registry, cache } = await setUpPulls(t);
  const image = await registry.openImage(reference, pullOptions());
  const reading = readLayers(image);
  for (let round = 0; round < 50; round++) await pruneBlobs(cache, false);
  assert.equal((await reading).length, 2);
  assert.equal((await pruneBlobs(cache, false)).kept.blobs, 2);
  await image[Symbol.asyncDispose]();
  assert.equal((await pruneBlobs(cache, false)).removed.blobs, 2);
});
