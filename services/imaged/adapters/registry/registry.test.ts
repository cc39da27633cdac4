import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { isDigest } from '../../domain/digest.ts';
import { hostPlatform } from '../../domain/platform.ts';
import { parseReference } from '../../domain/reference.ts';
import { makeCertificate } from '../../testing/certificate.ts';
import { startDockerRegistry } from '../../testing/docker-registry.ts';
import { pullOptions, setUpPulls } from '../../testing/pull-setup.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { missingTool, runTool } from '../../testing/run-tool.ts';
import { listenOnLoopback } from '../../testing/silent-server.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { startTokenIssuer } from '../../testing/token-issuer.ts';
import { makeUmociLayout } from '../../testing/umoci-layout.ts';
import { blobUsage } from './prune-blobs.ts';

const skip = await missingTool('docker-registry', 'skopeo', 'umoci', 'openssl');

// "user" with the password "secret"; the hash is bcrypt, the only one docker-registry takes.
const HTPASSWD = 'user:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';

async function push(layout: string, tag: string, to: string, ...more: string[]): Promise<void> {
  const source = `oci:${layout}:${tag}`;
  const target = `docker://${to}`;
  const copy = ['--insecure-policy', 'copy', '--dest-tls-verify=false', ...more];
  await runTool('skopeo', ...copy, source, target);
}

async function startFilled(t: TestContext, ...more: string[]): Promise<string> {
  const folder = await makeTemporaryFolder(t);
  const host = await startDockerRegistry(t, join(folder, 'registry'));
  await push(await makeUmociLayout(folder, 'v1'), 'v1', `${host}/team/app:v1`, ...more);
  return host;
}

test('pulls an image with its config and verified layers from a registry', { skip }, async (t) => {
  const host = await startFilled(t);
  const { registry, cache } = await setUpPulls(t);
  await using image = await registry.openImage(
    parseReference(`${host}/team/app:v1`),
    pullOptions({ platform: hostPlatform(process.arch) }),
  );
  assert.deepEqual(
    await readLayers(image),
    image.layers.map(({ digest }) => digest),
  );
  assert.equal(image.name, `${host}/team/app:v1`);
  assert.deepEqual(image.config.entrypoint, ['/bin/tool']);
  assert.deepEqual(image.config.cmd, ['serve']);
  assert.ok(image.config.env.includes('MODE=test'));
  assert.equal(image.config.user, '1000:1000');
  assert.equal(image.config.workingDir, '/srv');
  assert.deepEqual(image.config.exposedPorts, ['8080/tcp']);
  assert.equal(image.config.labels['made.by'], 'umoci');
  assert.equal((await blobUsage(cache)).blobs, 2);
});

test('pulls by digest, also when the tag has moved on', { skip }, async (t) => {
  const folder = await makeTemporaryFolder(t);
  const host = await startDockerRegistry(t, join(folder, 'registry'));
  const { registry } = await setUpPulls(t);
  const tagged = parseReference(`${host}/team/app:v1`);
  const options = pullOptions({ platform: hostPlatform(process.arch) });
  await push(await makeUmociLayout(folder, 'one', 1), 'one', `${host}/team/app:v1`);
  await using before = await registry.openImage(tagged, options);
  await push(await makeUmociLayout(folder, 'two', 2), 'two', `${host}/team/app:v1`);
  await using after = await registry.openImage(tagged, options);
  await using pinned = await registry.openImage(
    parseReference(`${host}/team/app:v1@${before.manifestDigest}`),
    options,
  );
  assert.ok(isDigest(before.manifestDigest));
  assert.notEqual(after.manifestDigest, before.manifestDigest);
  assert.equal(pinned.manifestDigest, before.manifestDigest);
  assert.deepEqual(
    pinned.layers.map(({ digest }) => digest),
    before.layers.map(({ digest }) => digest),
  );
  assert.equal((await readLayers(pinned)).length, 2);
});

test('pulls an image in the format of Docker', { skip }, async (t) => {
  const host = await startFilled(t, '--format', 'v2s2');
  const { registry } = await setUpPulls(t);
  await using image = await registry.openImage(
    parseReference(`${host}/team/app:v1`),
    pullOptions({ platform: hostPlatform(process.arch) }),
  );
  assert.equal(image.layers[0]?.mediaType, 'application/vnd.docker.image.rootfs.diff.tar.gzip');
  assert.deepEqual(
    await readLayers(image),
    image.layers.map(({ digest }) => digest),
  );
});

test('says that a tag or a repository is not there', { skip }, async (t) => {
  const host = await startFilled(t);
  const { registry } = await setUpPulls(t);
  for (const name of ['team/app:v2', 'team/other:v1']) {
    await assert.rejects(registry.openImage(parseReference(`${host}/${name}`), pullOptions()), {
      reason: 'IMAGE_NOT_FOUND',
      message: new RegExp(`image "${host}/${name}" was not found in registry "${host}"`),
    });
  }
});

test('pulls with a name and a password, and says how to log in without', { skip }, async (t) => {
  const folder = await makeTemporaryFolder(t);
  const host = await startDockerRegistry(t, join(folder, 'registry'), { htpasswd: HTPASSWD });
  const layout = await makeUmociLayout(folder, 'v1');
  await push(layout, 'v1', `${host}/team/app:v1`, '--dest-creds', 'user:secret');
  const { registry } = await setUpPulls(t);
  const reference = parseReference(`${host}/team/app:v1`);
  const options = { platform: hostPlatform(process.arch) };
  await assert.rejects(registry.openImage(reference, pullOptions(options)), {
    reason: 'OPERATION_REFUSED',
    message: new RegExp(`log in with: docker login ${host}`),
  });
  const wrong = new Map([[host, { username: 'user', password: 'wrong' }]]);
  await assert.rejects(
    registry.openImage(reference, pullOptions({ ...options, credentials: wrong })),
    { reason: 'OPERATION_REFUSED', message: /log in again/ },
  );
  const credentials = new Map([[host, { username: 'user', password: 'secret' }]]);
  await using image = await registry.openImage(reference, pullOptions({ ...options, credentials }));
  assert.equal((await readLayers(image)).length, 2);
});

test('pulls with a token that the registry itself checks', { skip }, async (t) => {
  const folder = await makeTemporaryFolder(t);
  const certificate = await makeCertificate(folder);
  const basic = `Basic ${Buffer.from('user:secret').toString('base64')}`;
  const realm = await startTokenIssuer(t, certificate, basic);
  const auth = `auth: {token: {realm: "${realm}", service: registry, issuer: issuer, rootcertbundle: "${certificate.caFile}"}}`;
  const host = await startDockerRegistry(t, join(folder, 'registry'), { auth });
  const layout = await makeUmociLayout(folder, 'v1');
  await push(layout, 'v1', `${host}/team/app:v1`, '--dest-creds', 'user:secret');
  const { registry } = await setUpPulls(t);
  const reference = parseReference(`${host}/team/app:v1`);
  const platform = hostPlatform(process.arch);
  await assert.rejects(registry.openImage(reference, pullOptions({ platform })), {
    reason: 'OPERATION_REFUSED',
  });
  const credentials = new Map([[host, { username: 'user', password: 'secret' }]]);
  await using image = await registry.openImage(reference, pullOptions({ platform, credentials }));
  assert.equal((await readLayers(image)).length, 2);
});

test('continues with a real registry where the connection was cut', { skip }, async (t) => {
  const host = await startFilled(t);
  let sent = '';
  let cuts = 0;
  const between = await listenOnLoopback(t, (socket) => {
    const other = connect(Number(host.split(':')[1]), '127.0.0.1');
    other.on('error', () => socket.destroy());
    socket.on('close', () => other.destroy());
    socket.on('data', (chunk: Buffer) => {
      sent += chunk.toString('latin1');
      other.write(chunk);
    });
    let passedBytes = 0;
    other.on('data', (chunk: Buffer) => {
      passedBytes += chunk.length;
      socket.write(chunk);
      // The bigger layer has 400,000 bytes, so no connection lives long enough to bring it.
      if (passedBytes > 250_000 && cuts++ < 3) socket.destroySoon();
    });
    other.on('end', () => socket.end());
  });
  const { registry } = await setUpPulls(t);
  await using image = await registry.openImage(
    parseReference(`${between}/team/app:v1`),
    pullOptions({ platform: hostPlatform(process.arch) }),
  );
  assert.deepEqual(
    await readLayers(image),
    image.layers.map(({ digest }) => digest),
  );
  assert.ok(cuts > 0);
  assert.match(sent, /range: bytes=[1-9]\d*-\r\n/i);
});
