import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { digestOf } from './domain/digest.ts';
import { startDockerRegistry } from './testing/docker-registry.ts';
import { startImaged } from './testing/imaged-process.ts';
import { pull } from './testing/pull-client.ts';
import { missingTool, runTool } from './testing/run-tool.ts';
import { startScriptedRegistry } from './testing/scripted-registry.ts';
import { makeSystemImage } from './testing/system-image.ts';
import { makeTemporaryFolder } from './testing/temporary-folder.ts';
import { makeUmociLayout } from './testing/umoci-layout.ts';

const skip = await missingTool('docker-registry', 'skopeo', 'umoci');

/** The password "secret", as htpasswd(1) hashes it. */
const HTPASSWD = 'user:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';

test('a registry that wants a login gets the one that came with the request, or says what to do', {
  skip,
}, async (t) => {
  const folder = await makeTemporaryFolder(t);
  const host = await startDockerRegistry(t, join(folder, 'registry'), { htpasswd: HTPASSWD });
  const layout = await makeUmociLayout(folder, 'v1');
  const copy = ['--insecure-policy', 'copy', '--dest-tls-verify=false'];
  const login = ['--dest-creds', 'user:secret'];
  await runTool('skopeo', ...copy, ...login, `oci:${layout}:v1`, `docker://${host}/app:v1`);
  const imaged = await startImaged(t);
  const start = { source: `docker://${host}/app:v1` };
  const as = (password: string) => ({
    ...start,
    credentials: [{ registry: host, username: 'user', password, identityToken: '' }],
  });
  await assert.rejects(pull(imaged, start), failsWith('OPERATION_REFUSED', /docker login/));
  await assert.rejects(pull(imaged, as('wrong')), failsWith('OPERATION_REFUSED', /log in again/));
  assert.deepEqual([await imaged.list('images'), await imaged.list('staging')], [[], []]);
  assert.equal((await pull(imaged, as('secret'))).image.name, 'app-v1');
});

test('a blob whose connection is cut in the middle goes on where it was', async (t) => {
  const registry = await startScriptedRegistry(t);
  const image = makeSystemImage({ dataBytes: 2 ** 20 });
  const [, data = Buffer.alloc(0)] = image.layers;
  registry.add('app', 'v1', image);
  let cuts = 1;
  registry.script = ({ url = '' }, response) => {
    if (!url.endsWith(digestOf(data)) || cuts-- <= 0) return false;
    response.writeHead(200, { 'content-length': data.length });
    response.write(data.subarray(0, 500_000), () => response.destroy());
    return true;
  };
  const imaged = await startImaged(t);
  const { image: made } = await pull(imaged, { source: `docker://${registry.host}/app:v1` });
  const ranges = registry.rangesAskedOf(data);
  assert.equal(ranges.length, 2);
  assert.match(ranges[1] ?? '', /^bytes=[1-9]\d*-$/);
  assert.equal(made.name, 'app-v1');
});

test('a blob or manifest that is not what its digest says is refused, and nothing stays', async (t) => {
  const registry = await startScriptedRegistry(t);
  const image = makeSystemImage();
  const [, data = Buffer.alloc(0)] = image.layers;
  registry.add('app', 'v1', image);
  const imaged = await startImaged(t);
  const source = `docker://${registry.host}/app`;
  registry.script = ({ url = '' }, response) => {
    if (!url.endsWith(digestOf(data))) return false;
    response.end(Buffer.alloc(data.length, 1));
    return true;
  };
  await assert.rejects(
    pull(imaged, { source: `${source}:v1` }),
    failsWith('IMAGE_CORRUPT', /sha256:/),
  );
  const other = `sha256:${'0'.repeat(64)}`;
  registry.script = ({ url = '' }, response) => {
    if (!url.endsWith(other)) return false;
    response.writeHead(200, { 'content-type': image.manifestType });
    response.end(image.manifest);
    return true;
  };
  const byDigest = pull(imaged, { source: `${source}@${other}`, name: 'web' });
  await assert.rejects(byDigest, failsWith('IMAGE_CORRUPT', /sha256:/));
  assert.deepEqual([await imaged.list('images'), await imaged.list('staging')], [[], []]);
  registry.script = () => false;
  const right = await pull(imaged, { source: `${source}@${image.digest}`, name: 'web' });
  assert.equal(right.image.sourceDigest, image.digest);
});
