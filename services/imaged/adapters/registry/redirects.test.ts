import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { digestOf } from '../../domain/digest.ts';
import { makeCertificate } from '../../testing/certificate.ts';
import { makeImage } from '../../testing/image-fixture.ts';
import { pullOptions, setUpPulls } from '../../testing/pull-setup.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { missingTool } from '../../testing/run-tool.ts';
import { type ScriptedRegistry, startScriptedRegistry } from '../../testing/scripted-registry.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';

const IMAGE = makeImage();
const LOGIN = { username: 'user', password: 'secret' };

/** A registry that wants a login for everything and sends blobs elsewhere. */
async function startRedirecting(t: TestContext, target: () => string): Promise<ScriptedRegistry> {
  const server = await startScriptedRegistry(t);
  server.script = (request, response) => {
    const { url = '', headers } = request;
    if (url === '/v2/') return undefined;
    if (headers.authorization === undefined && !url.startsWith('/stored')) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return true;
    }
    if (!url.includes('/blobs/')) return undefined;
    response.writeHead(307, { location: `${target()}${url}` }).end();
    return true;
  };
  return server;
}

function loginFor(server: ScriptedRegistry): ReturnType<typeof pullOptions> {
  return pullOptions({ credentials: new Map([[server.host, LOGIN]]) });
}

test('follows a redirect of a blob to another host and does not tell it the login', async (t) => {
  const storage = await startScriptedRegistry(t);
  storage.add('app', 'v1', IMAGE);
  const server = await startRedirecting(t, () => storage.origin);
  const { registry } = await setUpPulls(t);
  await using image = await registry.openImage(server.offer(IMAGE), loginFor(server));
  assert.equal((await readLayers(image)).length, 2);
  const [own, other] = [server.requests, storage.requests].map((requests) =>
    requests.filter(({ url }) => url?.includes('/blobs/')),
  );
  assert.ok(own?.every(({ headers }) => headers.authorization?.startsWith('Basic ')));
  assert.equal(other?.length, 3);
  assert.ok(other?.every(({ headers }) => headers.authorization === undefined));
});

test('does not tell the login again to a host that a redirect led away from', async (t) => {
  const storage = await startScriptedRegistry(t);
  const server = await startRedirecting(t, () => storage.origin);
  storage.script = (request, response) => {
    response.writeHead(302, { location: `${server.origin}/stored${request.url}` }).end();
    return true;
  };
  const { registry } = await setUpPulls(t);
  await assert.rejects(registry.openImage(server.offer(IMAGE), loginFor(server)));
  const returned = server.requests.filter(({ url }) => url?.startsWith('/stored'));
  assert.ok(returned.length > 0);
  assert.ok(returned.every(({ headers }) => headers.authorization === undefined));
});

test('keeps the login on a redirect within the registry', async (t) => {
  const server = await startScriptedRegistry(t);
  server.script = ({ url = '', headers }, response) => {
    if (url === '/v2/') return undefined;
    if (headers.authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return true;
    }
    if (!url.includes('/old/')) return undefined;
    response.writeHead(301, { location: url.replace('/old/', '/app/') }).end();
    return true;
  };
  server.offer(IMAGE);
  const { registry } = await setUpPulls(t);
  const reference = { registry: server.host, repository: 'old', tag: 'v1', digest: undefined };
  await using image = await registry.openImage(reference, loginFor(server));
  assert.equal((await readLayers(image)).length, 2);
});

test('takes no login out of the address of a redirect', async (t) => {
  const storage = await startScriptedRegistry(t);
  storage.add('app', 'v1', IMAGE);
  const server = await startRedirecting(t, () => storage.origin.replace('//', '//eve:pass@'));
  const { registry } = await setUpPulls(t);
  await using image = await registry.openImage(server.offer(IMAGE), loginFor(server));
  assert.equal((await readLayers(image)).length, 2);
  assert.ok(storage.requests.every(({ headers }) => headers.authorization === undefined));
});

test('refuses redirects to where others can listen in', async (t) => {
  for (const target of ['http://storage.test', 'file:///etc', 'ftp://storage.test']) {
    const server = await startRedirecting(t, () => target);
    const { registry } = await setUpPulls(t);
    await assert.rejects(registry.openImage(server.offer(IMAGE), loginFor(server)), {
      reason: 'OPERATION_REFUSED',
      message: /redirects to ".*", which is not safe; the pull was stopped/,
    });
  }
});

const skip = await missingTool('openssl');

test('refuses a redirect from TLS to plain HTTP, even to loopback', { skip }, async (t) => {
  const certificate = await makeCertificate(await makeTemporaryFolder(t));
  const storage = await startScriptedRegistry(t);
  const server = await startScriptedRegistry(t, certificate);
  server.script = (request, response) => {
    if (!request.url?.includes('/blobs/')) return undefined;
    response.writeHead(307, { location: `${storage.origin}${request.url}` }).end();
    return true;
  };
  const { registry } = await setUpPulls(t, { caFiles: [certificate.caFile] });
  await assert.rejects(registry.openImage(server.offer(IMAGE), pullOptions({ insecure: true })), {
    reason: 'OPERATION_REFUSED',
    message: /not safe/,
  });
  assert.equal(storage.requests.length, 0);
});

test('follows only so many redirects', async (t) => {
  const server = await startScriptedRegistry(t);
  server.script = ({ url = '' }, response) => {
    if (!url.includes('/blobs/')) return undefined;
    response.writeHead(307, { location: `${url}?again` }).end();
    return true;
  };
  const { registry } = await setUpPulls(t);
  await assert.rejects(registry.openImage(server.offer(IMAGE), pullOptions()), {
    reason: 'OPERATION_REFUSED',
    message: /redirects more than 5 times/,
  });
});

test('asks the registry for a new address when the storage finds the first one stale', async (t) => {
  const storage = await startScriptedRegistry(t);
  storage.add('app', 'v1', IMAGE);
  const stale = new Set(IMAGE.layers.map((layer) => `/v2/app/blobs/${digestOf(layer)}`));
  storage.script = ({ url = '' }, response) => {
    if (!stale.delete(url)) return undefined;
    response.writeHead(403).end('<Error>Request has expired</Error>');
    return true;
  };
  const server = await startRedirecting(t, () => storage.origin);
  const { registry } = await setUpPulls(t);
  await using image = await registry.openImage(server.offer(IMAGE), loginFor(server));
  assert.equal((await readLayers(image)).length, 2);
});
