import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, open, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../domain/digest.ts';
import { makeImage } from '../../testing/image-fixture.ts';
import { pullOptions, QUICK_RETRIES, setUpPulls } from '../../testing/pull-setup.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { missingMountNamespace, runTool } from '../../testing/run-tool.ts';
import { startScriptedRegistry } from '../../testing/scripted-registry.ts';
import { seededBytes } from '../../testing/seeded-random.ts';
import { startProgram } from '../../testing/start-program.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { BlobCache } from './blob-cache.ts';
import { blobUsage } from './prune-blobs.ts';

const BIG = seededBytes(3 << 20, 9);

test('continues a blob where the connection was cut in the middle of it', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  let cuts = 2;
  server.script = (request, response) => {
    if (!request.url?.includes(digestOf(BIG)) || cuts === 0) return undefined;
    const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
    cuts--;
    const headers = { 'content-length': BIG.length - from };
    const range = `bytes ${from}-${BIG.length - 1}/${BIG.length}`;
    response.writeHead(from ? 206 : 200, from ? { ...headers, 'content-range': range } : headers);
    response.write(BIG.subarray(from, from + 1_000_000), () => response.destroy());
    return true;
  };
  const { registry } = await setUpPulls(t);
  await using image = await registry.openImage(reference, pullOptions());
  assert.deepEqual(await readLayers(image), [digestOf(BIG)]);
  const ranges = server.rangesAskedOf(BIG);
  assert.equal(ranges.length, 3);
  assert.equal(ranges[0], undefined);
  for (const range of ranges.slice(1)) assert.match(range ?? '', /^bytes=[1-9]\d*-$/);
});

test('starts a blob again when the server ignores where it was asked to continue', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  let cuts = 1;
  server.script = (request, response) => {
    if (!request.url?.includes(digestOf(BIG))) return undefined;
    response.writeHead(200, { 'content-length': BIG.length });
    if (cuts-- > 0) response.write(BIG.subarray(0, 500_000), () => response.destroy());
    else response.end(BIG);
    return true;
  };
  const { registry } = await setUpPulls(t);
  await using image = await registry.openImage(reference, pullOptions());
  assert.deepEqual(await readLayers(image), [digestOf(BIG)]);
  assert.match(server.rangesAskedOf(BIG)[1] ?? '', /^bytes=\d+-$/);
});

test('asks for the whole blob when the server continues it in the wrong place', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  const { registry, cache } = await setUpPulls(t);
  await mkdir(cache.folder, { recursive: true });
  await writeFile(cache.pathsOf(digestOf(BIG)).partialPath, BIG.subarray(0, 1000));
  server.script = (request, response) => {
    if (request.headers.range === undefined) return undefined;
    response.writeHead(206, { 'content-range': `bytes 500-${BIG.length - 1}/${BIG.length}` });
    response.end(BIG.subarray(500));
    return true;
  };
  await using image = await registry.openImage(reference, pullOptions());
  assert.deepEqual(await readLayers(image), [digestOf(BIG)]);
  assert.deepEqual(server.rangesAskedOf(BIG), ['bytes=1000-', undefined]);
});

test('downloads a blob anew when what an earlier run left of it is damaged', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  const { registry, cache } = await setUpPulls(t);
  await mkdir(cache.folder, { recursive: true });
  await writeFile(cache.pathsOf(digestOf(BIG)).partialPath, Buffer.alloc(1000));
  await using image = await registry.openImage(reference, pullOptions());
  assert.deepEqual(await readLayers(image), [digestOf(BIG)]);
  assert.deepEqual(server.rangesAskedOf(BIG), ['bytes=1000-', undefined]);
});

test('continues what a killed process left', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  const folder = await makeTemporaryFolder(t);
  let isStalling = true;
  server.script = (request, response) => {
    if (!isStalling || !request.url?.includes(digestOf(BIG))) return undefined;
    response.writeHead(200, { 'content-length': BIG.length });
    response.write(BIG.subarray(0, 1_000_000));
    return true;
  };
  const cache = new BlobCache(folder);
  const { partialPath } = cache.pathsOf(digestOf(BIG));
  const program = join(import.meta.dirname, '../../testing/pull-program.ts');
  await using output = await open('/dev/null', 'w');
  const child = await startProgram(
    t,
    output.fd,
    process.execPath,
    ...[program, folder, `${server.host}/app:v1`],
  );
  while ((await stat(partialPath).catch(() => undefined))?.size !== 1_000_000) await sleep(5);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  isStalling = false;
  const { registry } = await setUpPulls(t, { cache });
  await using image = await registry.openImage(reference, pullOptions());
  assert.deepEqual(await readLayers(image), [digestOf(BIG)]);
  assert.deepEqual(server.rangesAskedOf(BIG), [undefined, 'bytes=1000000-']);
  assert.deepEqual(await readdir(cache.folder), [digestOf(BIG).slice(7)]);
});

test('refuses a blob with another digest and keeps nothing of it', async (t) => {
  const server = await startScriptedRegistry(t);
  const image = makeImage({ layers: [BIG] });
  const reference = server.offer(image);
  server.script = (request, response) => {
    if (!request.url?.includes(digestOf(BIG))) return undefined;
    response.end(seededBytes(BIG.length, 10));
    return true;
  };
  const { registry, cache } = await setUpPulls(t);
  await using pulled = await registry.openImage(reference, pullOptions());
  await assert.rejects(readLayers(pulled), {
    reason: 'IMAGE_CORRUPT',
    message: new RegExp(`blob "${digestOf(BIG)}" from registry "${server.host}" is damaged`),
  });
  assert.deepEqual(await readdir(cache.folder), []);
});

test('refuses a blob that goes on beyond its size', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  server.script = (request, response) => {
    if (!request.url?.includes(digestOf(BIG))) return undefined;
    response.writeHead(200);
    const pour = (): void => {
      while (!response.destroyed && response.write(BIG));
    };
    response.on('drain', pour);
    pour();
    return true;
  };
  const { registry, cache } = await setUpPulls(t);
  await using image = await registry.openImage(reference, pullOptions());
  await assert.rejects(readLayers(image), { reason: 'IMAGE_CORRUPT', message: /longer than/ });
  assert.deepEqual(await readdir(cache.folder), []);
});

test('gives up after some cuts without progress, keeps what came, and says so', async (t) => {
  const server = await startScriptedRegistry(t);
  const reference = server.offer(makeImage({ layers: [BIG] }));
  server.script = (request, response) => {
    if (!request.url?.includes(digestOf(BIG))) return undefined;
    const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
    const range = `bytes ${from}-${BIG.length - 1}/${BIG.length}`;
    response.writeHead(from ? 206 : 200, from ? { 'content-range': range } : {});
    response.end(BIG.subarray(from, from + 10));
    return true;
  };
  const { registry, cache } = await setUpPulls(t);
  await using image = await registry.openImage(reference, pullOptions());
  await assert.rejects(readLayers(image), {
    reason: 'SERVICE_UNAVAILABLE',
    message: /sent only 40 of/,
  });
  assert.equal(server.rangesAskedOf(BIG).length, QUICK_RETRIES.attempts);
  assert.deepEqual(await blobUsage(cache).then(({ partialBlobs }) => partialBlobs), 1);
});

const noSmallDisk = await missingMountNamespace();

test('leaves nothing behind on a disk that fills up, and says so', {
  skip: noSmallDisk,
}, async (t) => {
  const server = await startScriptedRegistry(t);
  server.offer(makeImage({ layers: [BIG] }));
  const folder = await makeTemporaryFolder(t);
  const program = join(import.meta.dirname, '../../testing/pull-program.ts');
  // A mount namespace of its own: the small disk is seen by this process alone and goes with it.
  const script = 'mount -t tmpfs -o size=1m none "$0" && "$@" && find "$0" -type f';
  const inside = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, folder];
  const pull = [process.execPath, program, folder, `${server.host}/app:v1`];
  const output = await runTool('unshare', ...inside, ...pull);
  assert.match(output, /"reason":"DISK_FULL","message":".*banger image cache prune/);
  assert.equal(output.trim().split('\n').length, 1, 'no file is left');
});
