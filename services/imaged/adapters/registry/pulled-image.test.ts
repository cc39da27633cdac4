import assert from 'node:assert/strict';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { digestOf } from '../../domain/digest.ts';
import type { BlobProgress } from '../../domain/source-image.ts';
import { makeImage } from '../../testing/image-fixture.ts';
import { pullOptions, setUpPulls } from '../../testing/pull-setup.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { startScriptedRegistry } from '../../testing/scripted-registry.ts';
import { seededBytes } from '../../testing/seeded-random.ts';

const BIG = seededBytes(3 << 20, 9);

test('stops a slow download as soon as it is told to', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  const stop = new AbortController();
  server.script = (request, response) => {
    if (!request.url?.includes(digestOf(BIG))) return undefined;
    response.writeHead(200, { 'content-length': BIG.length });
    response.write(BIG.subarray(0, 100));
    return true;
  };
  const { registry } = await setUpPulls(t);
  const onProgress = ({ doneBytes }: BlobProgress): void => {
    if (doneBytes > 0) stop.abort(new Error('enough'));
  };
  const options = pullOptions({ signal: stop.signal, onProgress });
  await using image = await registry.openImage(reference, options);
  await assert.rejects(readLayers(image), { message: 'enough' });
});

test('waits as long as the registry asks for and then goes on', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage());
  const busy = new Set<string>();
  server.script = (request, response) => {
    const url = request.url ?? '';
    if (url === '/v2/' || busy.has(url)) return undefined;
    busy.add(url);
    response.writeHead(429, { 'retry-after': '0' }).end();
    return true;
  };
  const { registry } = await setUpPulls(t);
  await using image = await registry.openImage(reference, pullOptions());
  assert.equal((await readLayers(image)).length, 2);
  assert.equal(busy.size, 4);
});

test('does not wait for a registry that asks for too much patience', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage());
  server.script = (request, response) => {
    if (request.url === '/v2/') return undefined;
    response.writeHead(429, { 'retry-after': '86400' }).end();
    return true;
  };
  const { registry } = await setUpPulls(t);
  await assert.rejects(registry.openImage(reference, pullOptions()), {
    reason: 'SERVICE_UNAVAILABLE',
    message: /limits how much is pulled; .*docker login/,
  });
  assert.equal(server.requests.length, 1);
});

test('downloads a layer once for many pulls at once and tells all of them how far it is', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  const { registry } = await setUpPulls(t);
  const ends: number[] = [];
  const pulls = Array.from({ length: 20 }, async (_, index) => {
    const onProgress = ({ doneBytes }: BlobProgress): void => {
      ends[index] = doneBytes;
    };
    await using image = await registry.openImage(reference, pullOptions({ onProgress }));
    return await readLayers(image);
  });
  for (const layers of await Promise.all(pulls)) assert.deepEqual(layers, [digestOf(BIG)]);
  assert.equal(server.rangesAskedOf(BIG).length, 1);
  assert.deepEqual(
    ends,
    Array.from({ length: 20 }, () => BIG.length),
  );
});

test('takes layers it has from the cache, and replaces one that the disk has damaged', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  const { registry, cache } = await setUpPulls(t);
  const pull = async (): Promise<string[]> => {
    await using image = await registry.openImage(reference, pullOptions());
    return await readLayers(image);
  };
  await pull();
  await pull();
  assert.equal(server.rangesAskedOf(BIG).length, 1);
  await writeFile(cache.pathsOf(digestOf(BIG)).path, Buffer.alloc(BIG.length));
  await assert.rejects(pull(), { reason: 'IMAGE_CORRUPT', message: /removed from the cache/ });
  assert.deepEqual(await pull(), [digestOf(BIG)]);
});

test('fails with the layer that fails, though it is not the one being read', async (t) => {
  const server = await startScriptedRegistry(t);
  const [first, second] = [seededBytes(1000, 3), seededBytes(1000, 4)];
  const reference = server.offer(makeImage({ layers: [first, second] }));
  server.script = (request, response) => {
    if (request.url?.includes(digestOf(first))) return true;
    if (!request.url?.includes(digestOf(second))) return undefined;
    response.writeHead(404).end();
    return true;
  };
  const { registry } = await setUpPulls(t);
  await using image = await registry.openImage(reference, pullOptions());
  await assert.rejects(readLayers(image), {
    reason: 'IMAGE_NOT_FOUND',
    message: new RegExp(digestOf(second)),
  });
});

test('has stopped all its downloads when it is disposed of', async (t) => {
  const server = await startScriptedRegistry(t);
  const layers = Array.from({ length: 6 }, (_, index) => seededBytes(1000, index + 20));
  const reference = server.offer(makeImage({ layers }));
  const digests = layers.map(digestOf);
  let waiting = 0;
  const started = Promise.withResolvers<void>();
  server.script = ({ url }, response) => {
    if (!digests.some((digest) => url?.includes(digest))) return undefined;
    response.writeHead(200).write('x');
    if (++waiting === 4) started.resolve();
    return true;
  };
  const { registry, cache } = await setUpPulls(t);
  const image = await registry.openImage(reference, pullOptions());
  const reading = readLayers(image);
  await started.promise;
  await Promise.all([image[Symbol.asyncDispose](), assert.rejects(reading)]);
  assert.equal(waiting, 4);
  const links = await Promise.allSettled(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`)),
  );
  assert.ok(!JSON.stringify(links).includes(cache.folder));
});

test('refuses an image that announces more than is accepted, before any layer', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  const { registry } = await setUpPulls(t, { imageLimitBytes: BIG.length - 1 });
  await assert.rejects(registry.openImage(reference, pullOptions()), {
    reason: 'IMAGE_CORRUPT',
    message: /more than .* are not accepted/,
  });
  assert.equal(server.rangesAskedOf(BIG).length, 0);
});
