import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import test from 'node:test';
import { parseReference } from '../../domain/reference.ts';
import { makeCertificate } from '../../testing/certificate.ts';
import { makeImage } from '../../testing/image-fixture.ts';
import { pullOptions, QUICK_RETRIES, setUpPulls } from '../../testing/pull-setup.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { missingTool } from '../../testing/run-tool.ts';
import { startScriptedRegistry } from '../../testing/scripted-registry.ts';
import { listenOnLoopback } from '../../testing/silent-server.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';

const skip = await missingTool('openssl');
const ONCE = { ...QUICK_RETRIES, attempts: 1 };

test('pulls over TLS from a host whose authority is named in a file', { skip }, async (t) => {
  const certificate = await makeCertificate(await makeTemporaryFolder(t));
  const server = await startScriptedRegistry(t, certificate);
  const reference = server.offer(makeImage());
  const { registry } = await setUpPulls(t, { caFiles: [certificate.caFile] });
  await using image = await registry.openImage(reference, pullOptions());
  assert.equal((await readLayers(image)).length, 2);
});

test('refuses a host whose certificate is not trusted, also on loopback', { skip }, async (t) => {
  const certificate = await makeCertificate(await makeTemporaryFolder(t));
  const server = await startScriptedRegistry(t, certificate);
  const reference = server.offer(makeImage());
  const { registry } = await setUpPulls(t);
  await assert.rejects(registry.openImage(reference, pullOptions({ insecure: true })), {
    reason: 'SERVICE_UNAVAILABLE',
    message: /certificate of ".*" is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\).*SSL_CERT_FILE/,
  });
  assert.equal(server.requests.length, 0);
});

test('says which certificate file cannot be read', async (t) => {
  const { registry } = await setUpPulls(t, { caFiles: ['/nonexistent/ca.pem'] });
  await assert.rejects(registry.openImage(parseReference('127.0.0.1:1/app'), pullOptions()), {
    reason: 'HOST_NOT_READY',
    message: /certificate file "\/nonexistent\/ca.pem" cannot be used/,
  });
});

test('says that a host cannot be reached', async (t) => {
  const host = await listenOnLoopback(t, (socket) => socket.destroy());
  const { registry } = await setUpPulls(t, { retryPolicy: ONCE });
  // Port 1 is reserved and nobody listens there.
  await assert.rejects(registry.openImage(parseReference('127.0.0.1:1/app'), pullOptions()), {
    reason: 'SERVICE_UNAVAILABLE',
    message: /"127.0.0.1:1" cannot be reached \(ECONNREFUSED\); check the network and the proxy/,
  });
  await assert.rejects(registry.openImage(parseReference(`${host}/app`), pullOptions()), {
    reason: 'SERVICE_UNAVAILABLE',
    message: new RegExp(`the connection to "${host}" failed \\(ECONNRESET\\)`),
  });
});

test('gives up on a host that accepts and then never speaks', async (t) => {
  const host = await listenOnLoopback(t, () => undefined);
  const { registry } = await setUpPulls(t, { retryPolicy: ONCE, connectTimeoutMs: 50 });
  await assert.rejects(registry.openImage(parseReference(`${host}/app`), pullOptions()), {
    reason: 'SERVICE_UNAVAILABLE',
    message: /failed \(ETIMEDOUT\)/,
  });
});

test('gives up on an answer that stops in the middle', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage());
  server.script = (request, response) => {
    if (!request.url?.includes('/blobs/')) return undefined;
    response.writeHead(200).write('x');
    return true;
  };
  const { registry } = await setUpPulls(t, { retryPolicy: ONCE, idleTimeoutMs: 50 });
  await assert.rejects(registry.openImage(reference, pullOptions()), {
    reason: 'SERVICE_UNAVAILABLE',
    message: /failed \(ETIMEDOUT\)/,
  });
});

test('is stopped while it waits for an answer', async (t) => {
  const stop = new AbortController();
  const host = await listenOnLoopback(t, () => stop.abort(new Error('enough')));
  const { registry } = await setUpPulls(t);
  const options = pullOptions({ signal: stop.signal });
  await assert.rejects(registry.openImage(parseReference(`${host}/app`), options), {
    message: 'enough',
  });
});

test('reaches other hosts through the proxy, and this one without it', { skip }, async (t) => {
  const certificate = await makeCertificate(await makeTemporaryFolder(t));
  const server = await startScriptedRegistry(t, certificate);
  const own = server.offer(makeImage());
  const tunnels: string[] = [];
  const proxy = await listenOnLoopback(t, (socket) => tunnel(socket, server.host, tunnels));
  const proxyEnv = { HTTPS_PROXY: `http://${proxy}`, NO_PROXY: 'other.test' };
  const { registry } = await setUpPulls(t, { proxyEnv, caFiles: [certificate.caFile] });
  await using image = await registry.openImage(
    parseReference('registry.test/app:v1'),
    pullOptions(),
  );
  assert.equal((await readLayers(image)).length, 2);
  assert.ok(tunnels.length > 0);
  assert.ok(tunnels.every((target) => target === 'registry.test:443'));
  const before = tunnels.length;
  await using direct = await registry.openImage(own, pullOptions());
  assert.equal(direct.manifestDigest, image.manifestDigest);
  assert.equal(tunnels.length, before);
});

test('says that the proxy does not let it through', async (t) => {
  const proxy = await listenOnLoopback(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  });
  const proxyEnv = { HTTPS_PROXY: `http://${proxy}` };
  const { registry } = await setUpPulls(t, { proxyEnv, retryPolicy: ONCE });
  await assert.rejects(registry.openImage(parseReference('registry.test/app'), pullOptions()), {
    reason: 'SERVICE_UNAVAILABLE',
    message: /the proxy does not connect to "registry.test"/,
  });
});

test('names the proxy setting that is wrong without showing what may be a password', async (t) => {
  for (const url of ['ftp://user:secret@proxy', 'user:secret@proxy:3128', 'http://[secret']) {
    const { registry } = await setUpPulls(t, { proxyEnv: { https_proxy: url, NO_PROXY: 'x' } });
    await assert.rejects(registry.openImage(parseReference('registry.test/app'), pullOptions()), {
      reason: 'HOST_NOT_READY',
      message: 'https_proxy must be an http or https URL; correct it and restart imaged',
    });
  }
});

test('speaks plain HTTP to another host only when that was asked for', async (t) => {
  const server = await startScriptedRegistry(t);
  server.offer(makeImage());
  const targets: string[] = [];
  const proxy = await listenOnLoopback(t, (socket) => tunnel(socket, server.host, targets));
  const proxyEnv = { HTTPS_PROXY: `http://${proxy}`, HTTP_PROXY: `http://${proxy}` };
  const { registry } = await setUpPulls(t, { proxyEnv, retryPolicy: ONCE });
  const reference = parseReference('registry.test/app:v1');
  await assert.rejects(registry.openImage(reference, pullOptions()), {
    reason: 'SERVICE_UNAVAILABLE',
    message: /does not speak TLS .*--insecure/,
  });
  assert.equal(server.requests.length, 0);
  await using image = await registry.openImage(reference, pullOptions({ insecure: true }));
  assert.equal((await readLayers(image)).length, 2);
  const plain = targets.filter((target) => target !== 'registry.test:443');
  assert.ok(plain.length > 0);
  assert.ok(plain.every((target) => target.startsWith('http://registry.test/v2/app/')));
});

/** A proxy for whom every name leads to the same server. Notes what it was first asked for. */
function tunnel(socket: Socket, server: string, targets: string[]): void {
  socket.once('data', (head: Buffer) => {
    const [, method, target = ''] = /^(\S+) (\S+)/.exec(head.toString('latin1')) ?? [];
    targets.push(target);
    const [host = '', port] = server.split(':');
    const other = connect(Number(port), host, () => {
      if (method === 'CONNECT') socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      else other.write(head);
      socket.pipe(other).pipe(socket);
    });
    other.on('error', () => socket.destroy());
    socket.on('close', () => other.destroy());
  });
}
