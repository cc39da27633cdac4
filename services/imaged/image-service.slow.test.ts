import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { openImage } from './adapters/ext4/image.ts';
import { dockerMembers, ociMembers, writeTar } from './testing/archive-fixture.ts';
import { startDockerRegistry } from './testing/docker-registry.ts';
import { startImaged } from './testing/imaged-process.ts';
import { pull } from './testing/pull-client.ts';
import { missingTool, runTool } from './testing/run-tool.ts';
import { startScriptedRegistry } from './testing/scripted-registry.ts';
import { makeSystemImage, systemMembers } from './testing/system-image.ts';
import { makeTemporaryFolder } from './testing/temporary-folder.ts';
import { makeUmociLayout } from './testing/umoci-layout.ts';

const VM = '0123456789abcdef';
const OTHER_VM = 'fedcba9876543210';

const skip = await missingTool('docker-registry', 'skopeo', 'umoci', 'e2fsck');

test('pulls from a real registry what boots, and says what the image wants', {
  skip,
}, async (t) => {
  const folder = await makeTemporaryFolder(t);
  const host = await startDockerRegistry(t, join(folder, 'registry'));
  const layout = await makeUmociLayout(folder, 'v1');
  const copy = ['--insecure-policy', 'copy', '--dest-tls-verify=false'];
  await runTool('skopeo', ...copy, `oci:${layout}:v1`, `docker://${host}/team/app:v1`);
  const imaged = await startImaged(t);
  const { image, stages } = await pull(imaged, { source: `docker://${host}/team/app:v1` });
  assert.equal(image.name, 'app-v1');
  assert.deepEqual(image.config?.entrypoint, ['/bin/tool']);
  assert.deepEqual(image.config?.environment.includes('MODE=test'), true);
  const ended = stages.filter(({ state }) => state === 'STAGE_STATE_DONE').map(({ name }) => name);
  assert.deepEqual(ended.sort(), ['disk', 'download', 'hash', 'publish', 'resolve', 'seed']);
  const { diskPath } = await imaged.images.leaseImage({ vmId: VM, image: 'app-v1' });
  await runTool('e2fsck', '-fn', diskPath);
});

test('a leased image has a disk, a seed made of its /root, and an init', async (t) => {
  const registry = await startScriptedRegistry(t);
  registry.add('app', 'v1', makeSystemImage());
  const imaged = await startImaged(t);
  await pull(imaged, { source: `${registry.host}/app:v1`, name: 'web' });
  const leased = await imaged.images.leaseImage({ vmId: VM, image: 'web' });
  assert.equal(leased.image?.config?.init, '/sbin/init');
  assert.deepEqual(leased.image?.vmIds, [VM]);
  await using seed = await openImage(leased.seedPath);
  assert.equal((await seed.findFile('/.profile', 100))?.toString(), 'seed=1\n');
  await using disk = await openImage(leased.diskPath);
  assert.equal((await disk.findFile('/data', 1 << 20))?.length, 300_000);
});

test('the same image is the same disk from registry, archive and standard input', async (t) => {
  const fixture = makeSystemImage();
  const registry = await startScriptedRegistry(t);
  registry.add('app', 'v1', fixture);
  const imaged = await startImaged(t);
  const folder = await makeTemporaryFolder(t);
  const oci = await writeTar(folder, ociMembers(fixture, 'v1'));
  const made = [
    await pull(imaged, { source: `docker://${registry.host}/app:v1`, name: 'one' }),
    await pull(imaged, { source: 'oci-archive:v1', name: 'two' }, { path: oci }),
    await pull(imaged, { source: '-', name: 'three' }, { path: oci }),
  ];
  const digests = new Set(made.map(({ image }) => image.diskDigest));
  assert.equal(digests.size, 1);
  const docker = await writeTar(folder, dockerMembers(fixture, ['team/app:v1']));
  const { image } = await pull(imaged, { source: 'docker-archive:team/app:v1' }, { path: docker });
  assert.equal(image.name, 'app-v1');
  assert.equal(image.config?.init, '/sbin/init');
});

test('a tar of a root file system needs a name, and no config', async (t) => {
  const imaged = await startImaged(t);
  const folder = await makeTemporaryFolder(t);
  const path = await writeTar(folder, systemMembers());
  await assert.rejects(
    pull(imaged, { source: 'tar:' }, { path }),
    failsWith('INVALID_FIELD', /--name/),
  );
  for (const [source, name] of [
    ['tar:', 'by-word'],
    ['-', 'by-content'],
  ] as const) {
    const { image } = await pull(imaged, { source, name }, { path });
    assert.equal(image.config?.init, '/sbin/init');
    assert.match(image.sourceDigest, /^sha256:/);
  }
});

test('an image in use stays, and one that is gone is told from one that never was', async (t) => {
  const imaged = await startImaged(t);
  const folder = await makeTemporaryFolder(t);
  const path = await writeTar(folder, systemMembers());
  const { image } = await pull(imaged, { source: 'tar:', name: 'web' }, { path });
  for (const vmId of [VM, VM, OTHER_VM]) await imaged.images.leaseImage({ vmId, image: image.id });
  await assert.rejects(
    imaged.images.deleteImage({ image: 'web' }),
    failsWith('IMAGE_IN_USE', new RegExp(`"${VM}", "${OTHER_VM}"`)),
  );
  for (const vmId of [VM, VM, OTHER_VM]) await imaged.images.releaseImage({ vmId });
  assert.deepEqual(await imaged.images.listImageLeases({}), { leases: [] });
  await imaged.images.deleteImage({ image: image.id.slice(0, 6) });
  assert.deepEqual(await imaged.list('images'), []);
  await pull(imaged, { source: 'tar:', name: 'web' }, { path });
  await assert.rejects(
    imaged.images.getImage({ image: 'wbe' }),
    failsWith('IMAGE_NOT_FOUND', /did you mean "web"/),
  );
});

test('a name is kept, shared by the same source, or given to another on demand', async (t) => {
  const registry = await startScriptedRegistry(t);
  registry.add('app', 'v1', makeSystemImage({ seed: 1 }));
  const imaged = await startImaged(t);
  const start = { source: `docker://${registry.host}/app:v1`, name: 'web' };
  const { image: first } = await pull(imaged, start);
  assert.equal((await pull(imaged, start)).image.id, first.id);
  registry.add('app', 'v1', makeSystemImage({ seed: 2 }));
  await assert.rejects(pull(imaged, start), failsWith('IMAGE_EXISTS', /--replace/));
  const asked = registry.requests.length;
  assert.equal((await pull(imaged, { ...start, ifAbsent: true })).image.id, first.id);
  assert.equal((await pull(imaged, { source: 'web', ifAbsent: true })).image.id, first.id);
  assert.equal(registry.requests.length, asked);
  await imaged.images.leaseImage({ vmId: VM, image: 'web' });
  const { image: second } = await pull(imaged, { ...start, replace: true });
  assert.notEqual(second.id, first.id);
  const listed = async () => (await imaged.images.listImages({})).images.map(({ name }) => name);
  assert.deepEqual(await listed(), ['web', `web-${first.id}`]);
  await imaged.images.releaseImage({ vmId: VM });
  assert.deepEqual(await listed(), ['web']);
  assert.deepEqual(await imaged.list('images'), [second.id]);
});

test('a pull that fails leaves nothing behind', async (t) => {
  const imaged = await startImaged(t);
  const folder = await makeTemporaryFolder(t);
  const outside = [...systemMembers(), { name: '../outside', content: Buffer.from('x') }];
  const path = await writeTar(folder, outside);
  const refused = pull(imaged, { source: 'tar:', name: 'web' }, { path });
  await assert.rejects(refused, failsWith('IMAGE_CORRUPT', /\.\.\/outside/));
  const source = 'docker://127.0.0.1:1/nobody:v1';
  await assert.rejects(
    pull(imaged, { source }),
    failsWith('SERVICE_UNAVAILABLE', /127\.0\.0\.1:1/),
  );
  for (const wrong of ['oci:/tmp/layout', 'oci-archive:/tmp/image.tar', 'tar:/tmp/x.tar', '']) {
    await assert.rejects(pull(imaged, { source: wrong }), /\w/);
  }
  assert.deepEqual(await imaged.list('images'), []);
  assert.deepEqual(await imaged.list('staging'), []);
});
