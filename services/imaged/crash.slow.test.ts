import assert from 'node:assert/strict';
import test from 'node:test';
import { startImaged } from './testing/imaged-process.ts';
import { killAt } from './testing/kill-at.ts';
import { closeLayers } from './testing/layer-gate.ts';
import { pull } from './testing/pull-client.ts';
import { startScriptedRegistry } from './testing/scripted-registry.ts';
import { makeSystemImage } from './testing/system-image.ts';

const IMAGE = makeSystemImage({ dataBytes: 8 * 2 ** 20 });

for (const stage of ['resolve', 'download', 'disk', 'hash', 'seed', 'publish']) {
  test(`killed when "${stage}" has begun, imaged starts clean and pulls again`, async (t) => {
    const registry = await startScriptedRegistry(t);
    registry.add('app', 'v1', IMAGE);
    const gate = closeLayers(registry, [IMAGE]);
    // Of these, the kill is sure to come before the layers do.
    if (stage !== 'resolve' && stage !== 'download') gate.open();
    const imaged = await startImaged(t);
    const start = { source: `docker://${registry.host}/app:v1`, name: 'web' };
    const ended = await killAt(imaged, stage, (onStage) => pull(imaged, start, { onStage }));
    const { images } = await imaged.images.listImages({});
    assert.deepEqual(await imaged.list('staging'), []);
    assert.deepEqual(
      await imaged.list('images'),
      images.map(({ id }) => id),
    );
    if (stage === 'download' || ended.status === 'fulfilled') {
      assert.equal(images.length, ended.status === 'fulfilled' ? 1 : 0);
    }
    gate.open();
    await pull(imaged, start);
    for await (const _ of imaged.images.verifyImage({ image: 'web' }));
  });
}
