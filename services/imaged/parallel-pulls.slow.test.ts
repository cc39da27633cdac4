import assert from 'node:assert/strict';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { until } from '#kit/testing/until.ts';
import { type ImagedProcess, startImaged } from './testing/imaged-process.ts';
import { closeLayers } from './testing/layer-gate.ts';
import { pull } from './testing/pull-client.ts';
import { type ScriptedRegistry, startScriptedRegistry } from './testing/scripted-registry.ts';
import { makeSystemImage } from './testing/system-image.ts';

const IMAGE = makeSystemImage();
const LAYERS = IMAGE.layers.length;

function sourceIn({ host }: ScriptedRegistry, repository = 'app'): string {
  return `docker://${host}/${repository}:v1`;
}

async function runningPulls({ operations }: ImagedProcess): Promise<string[]> {
  const { operations: listed } = await operations.listOperations({});
  return listed.filter(({ state }) => state === 'OPERATION_STATE_RUNNING').map(({ id }) => id);
}

async function assertNothingLeft(imaged: ImagedProcess): Promise<void> {
  await until(async () => (await imaged.list('staging')).length === 0);
  assert.deepEqual(await imaged.list('images'), []);
  assert.deepEqual((await imaged.images.listImages({})).images, []);
}

test('twenty pulls of one name download once and get one image', async (t) => {
  const registry = await startScriptedRegistry(t);
  registry.add('app', 'v1', IMAGE);
  const gate = closeLayers(registry, [IMAGE]);
  const imaged = await startImaged(t);
  const start = { source: sourceIn(registry), name: 'web' };
  const pulls = Array.from({ length: 20 }, () => pull(imaged, start));
  await until(async () => (await runningPulls(imaged)).length === 20);
  gate.open();
  const made = await Promise.all(pulls);
  assert.equal(new Set(made.map(({ image }) => image.id)).size, 1);
  assert.equal(gate.asked, LAYERS);
  assert.equal(registry.requests.filter(({ url = '' }) => url.includes('/manifests/')).length, 1);
  for (const { stages } of made) {
    assert.ok(stages.some(({ name, state }) => name === 'disk' && state === 'STAGE_STATE_DONE'));
  }
  assert.equal((await imaged.list('images')).length, 1);
});

test('pulls of different names do not wait for each other', async (t) => {
  const registry = await startScriptedRegistry(t);
  const other = makeSystemImage({ seed: 2 });
  registry.add('app', 'v1', IMAGE);
  registry.add('other', 'v1', other);
  const gate = closeLayers(registry, [IMAGE]);
  const imaged = await startImaged(t);
  const held = pull(imaged, { source: sourceIn(registry), name: 'held' });
  await gate.reached(1);
  const { image } = await pull(imaged, { source: sourceIn(registry, 'other'), name: 'free' });
  assert.equal(image.name, 'free');
  gate.open();
  assert.equal((await held).image.name, 'held');
});

test('one who leaves disturbs nobody, and the last one ends the pull', async (t) => {
  const registry = await startScriptedRegistry(t);
  registry.add('app', 'v1', IMAGE);
  const gate = closeLayers(registry, [IMAGE]);
  const imaged = await startImaged(t);
  const start = { source: sourceIn(registry), name: 'web' };
  const leaving = new AbortController();
  const pulls = Promise.allSettled([
    pull(imaged, start, { signal: leaving.signal }),
    pull(imaged, start),
    pull(imaged, start),
  ]);
  await until(async () => (await runningPulls(imaged)).length === 3);
  await gate.reached(1);
  leaving.abort();
  await until(async () => (await runningPulls(imaged)).length === 2);
  assert.equal((await imaged.list('staging')).length, 1);
  for (const id of await runningPulls(imaged)) await imaged.operations.cancelOperation({ id });
  for (const ended of await pulls) assert.equal(ended.status, 'rejected');
  await assertNothingLeft(imaged);
  gate.open();
  assert.equal((await pull(imaged, start)).image.name, 'web');
});

test('a detached pull goes on when its caller leaves', async (t) => {
  const registry = await startScriptedRegistry(t);
  registry.add('app', 'v1', IMAGE);
  const gate = closeLayers(registry, [IMAGE]);
  const imaged = await startImaged(t);
  const caller = new AbortController();
  const start = { source: sourceIn(registry), name: 'web', detach: true };
  const left = pull(imaged, start, { signal: caller.signal });
  await gate.reached(1);
  caller.abort();
  await assert.rejects(left);
  assert.equal((await runningPulls(imaged)).length, 1);
  gate.open();
  await until(async () => (await imaged.images.listImages({})).images.length === 1);
});

test('another source for a name waits for the running one, and is then refused', async (t) => {
  const registry = await startScriptedRegistry(t);
  const other = makeSystemImage({ seed: 2 });
  registry.add('app', 'v1', IMAGE);
  registry.add('other', 'v1', other);
  registry.add('same', 'v1', IMAGE);
  const gate = closeLayers(registry, [IMAGE]);
  const imaged = await startImaged(t);
  const first = pull(imaged, { source: sourceIn(registry), name: 'web' });
  await gate.reached(1);
  const second = pull(imaged, { source: sourceIn(registry, 'other'), name: 'web' });
  const third = pull(imaged, { source: sourceIn(registry, 'same'), name: 'web' });
  await until(async () => (await runningPulls(imaged)).length === 3);
  gate.open();
  const { image } = await first;
  await assert.rejects(second, failsWith('IMAGE_EXISTS', /"web"/));
  assert.equal((await third).image.id, image.id);
});

test('an image that is being replaced is not deleted meanwhile', async (t) => {
  const registry = await startScriptedRegistry(t);
  const other = makeSystemImage({ seed: 2 });
  registry.add('app', 'v1', IMAGE);
  registry.add('other', 'v1', other);
  const imaged = await startImaged(t);
  await pull(imaged, { source: sourceIn(registry), name: 'web' });
  const gate = closeLayers(registry, [other]);
  const start = { source: sourceIn(registry, 'other'), name: 'web', replace: true };
  const replacing = pull(imaged, start);
  await gate.reached(1);
  const deleting = imaged.images.deleteImage({ image: 'web' });
  await assert.rejects(deleting, failsWith('IMAGE_IN_USE', /being made anew/));
  gate.open();
  await replacing;
  await imaged.images.deleteImage({ image: 'web' });
  await assertNothingLeft(imaged);
});
