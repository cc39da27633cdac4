import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { startImaged } from './testing/imaged-process.ts';
import { pull } from './testing/pull-client.ts';
import { startScriptedRegistry } from './testing/scripted-registry.ts';
import { makeSystemImage } from './testing/system-image.ts';
import { makeTemporaryFolder } from './testing/temporary-folder.ts';

/** imaged on a host that is not like Debian, with a registry before the public one. */
async function startElsewhere(t: TestContext) {
  const registry = await startScriptedRegistry(t);
  const config = `[imaged]\nmirrors = ["docker.io=http://${registry.host}"]\n`;
  const path = await makeTemporaryFolder(t);
  for (const tool of ['tar', 'sh']) await symlink(join('/usr/bin', tool), join(path, tool));
  return { registry, imaged: await startImaged(t, { config, path }) };
}

test('a host without apt gets the public image under the name of the recipe, and hears why', async (t) => {
  const { registry, imaged } = await startElsewhere(t);
  registry.add('library/debian', 'bookworm', makeSystemImage());
  const { image, stages } = await pull(imaged, { source: 'debian-bookworm' });
  assert.equal(image.name, 'debian-bookworm');
  const told = stages.find(({ name }) => name === 'substitute');
  assert.match(told?.detail ?? '', /no apt, so the public image/);
});

test('a build from packages on such a host is refused with what to do instead', async (t) => {
  const { imaged } = await startElsewhere(t);
  const recipe = { $case: 'recipeName' as const, value: 'debian-bookworm' };
  const building = imaged.images.buildImage({ recipe })[Symbol.asyncIterator]();
  await assert.rejects(
    building.next(),
    failsWith('HOST_NOT_READY', /banger image pull docker.io\/library\/debian:bookworm/),
  );
});
