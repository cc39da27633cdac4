import assert from 'node:assert/strict';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { writeTar } from './testing/archive-fixture.ts';
import { startImaged } from './testing/imaged-process.ts';
import { pull } from './testing/pull-client.ts';
import { missingMountNamespace } from './testing/run-tool.ts';
import { startScriptedRegistry } from './testing/scripted-registry.ts';
import { makeSystemImage, systemMembers } from './testing/system-image.ts';
import { makeTemporaryFolder } from './testing/temporary-folder.ts';

const skip = await missingMountNamespace();

const DATA_BYTES = 6 * 2 ** 20;

/** From a disk that cannot take what is sent to one on which only the seed is too much. */
for (const state of ['4m', '7m', '8m', '9m', '10m', '11m', '12m']) {
  test(`a full disk of ${state} ends a pull, and nothing is left on it`, { skip }, async (t) => {
    const imaged = await startImaged(t, { tmpfs: { state } });
    const folder = await makeTemporaryFolder(t);
    const path = await writeTar(folder, systemMembers({ dataBytes: DATA_BYTES }));
    const full = pull(imaged, { source: 'tar:', name: 'web' }, { path });
    await assert.rejects(full, failsWith('DISK_FULL', /no space/));
    assert.deepEqual(await imaged.list('staging'), []);
    assert.deepEqual(await imaged.list('images'), []);
    const small = await writeTar(folder, systemMembers({ dataBytes: 1000 }));
    if (state !== '4m') await pull(imaged, { source: 'tar:', name: 'web' }, { path: small });
  });
}

test('a full cache ends a pull, and pruning makes room', { skip }, async (t) => {
  const registry = await startScriptedRegistry(t);
  registry.add('app', 'v1', makeSystemImage({ dataBytes: DATA_BYTES }));
  const imaged = await startImaged(t, { tmpfs: { cache: '4m' } });
  const start = { source: `docker://${registry.host}/app:v1`, name: 'web' };
  await assert.rejects(pull(imaged, start), failsWith('DISK_FULL', /cache prune/));
  assert.deepEqual(await imaged.list('images'), []);
  const { freedBytes: announced } = await imaged.images.pruneImageCache({ dryRun: true });
  const { freedBytes } = await imaged.images.pruneImageCache({});
  assert.ok(freedBytes > 0);
  assert.equal(freedBytes, announced);
  assert.equal((await imaged.images.getImageCache({})).allocatedBytes, 0);
  registry.add('app', 'v1', makeSystemImage({ dataBytes: 1000 }));
  assert.equal((await pull(imaged, start)).image.name, 'web');
});
