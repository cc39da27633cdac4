import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { failsWith } from '#kit/testing/fails-with.ts';
import type { ImportImageStart } from '#proto/banger/v1/image.ts';
import { writeTar } from './testing/archive-fixture.ts';
import { type ImagedProcess, startImaged } from './testing/imaged-process.ts';
import { chunksOf, collect, type Pulled, pull } from './testing/pull-client.ts';
import { listenOnLoopback } from './testing/silent-server.ts';
import { systemMembers } from './testing/system-image.ts';
import { makeTemporaryFolder } from './testing/temporary-folder.ts';

const NAME = 'web';

async function* importing(start: Partial<ImportImageStart>, path: string) {
  yield { part: { $case: 'start' as const, value: start } };
  yield* chunksOf(path);
}

function importFrom(
  { images }: ImagedProcess,
  path: string,
  start: Partial<ImportImageStart> = {},
): Promise<Pulled> {
  return collect(images.importImage(importing(start, path)));
}

/** An image, and the bundle made of it. */
async function startExported(t: TestContext, config?: (folder: string) => string) {
  const folder = await makeTemporaryFolder(t);
  const imaged = await startImaged(t, config === undefined ? {} : { config: config(folder) });
  const tar = await writeTar(folder, systemMembers());
  const { image } = await pull(imaged, { source: 'tar:', name: NAME }, { path: tar });
  const chunks: Buffer[] = [];
  for await (const { chunk } of imaged.images.exportImage({ image: NAME })) chunks.push(chunk);
  const bundle = join(folder, 'web.tar.zst');
  await writeFile(bundle, Buffer.concat(chunks));
  await imaged.images.deleteImage({ image: NAME });
  return { imaged, image, bundle, folder };
}

test('a bundle gives the same disk again', async (t) => {
  const { imaged, image, bundle } = await startExported(t);
  const digest = await digestOfFile(bundle);
  const { image: again } = await importFrom(imaged, bundle, { digest });
  assert.equal(again.name, NAME);
  assert.equal(again.diskDigest, image.diskDigest);
  assert.equal(again.sourceDigest, digest);
  assert.deepEqual(again.config, image.config);
  // Holes stay holes.
  assert.ok(again.allocatedBytes < image.sizeBytes / 4);
  const { image: other } = await importFrom(imaged, bundle, { name: 'other' });
  assert.equal(other.diskDigest, image.diskDigest);
});

test('a bundle that is not what it should be is refused and leaves nothing', async (t) => {
  const { imaged, bundle, folder } = await startExported(t);
  const whole = await readFile(bundle);
  const plain = zstdDecompressSync(whole);
  const wrong = `sha256:${'0'.repeat(64)}`;
  await assert.rejects(
    importFrom(imaged, bundle, { digest: wrong }),
    failsWith('IMAGE_CORRUPT', /hashes to/),
  );
  const damage: [string, Buffer, RegExp][] = [
    ['cut short', whole.subarray(0, -100), /cut short|decompressed|ends within/],
    ['no bundle', Buffer.from('not a bundle at all'), /decompressed/],
    ['another disk', zstdCompressSync(changed(plain, plain.length - 20_000_000)), /hashes to/],
    ['more members', zstdCompressSync(Buffer.concat([plain, Buffer.alloc(512, 1)])), /follows/],
    ['no manifest', zstdCompressSync(plain.subarray(1024)), /where "manifest.json" should be/],
  ];
  for (const [name, bytes, message] of damage) {
    const path = join(folder, 'damaged');
    await writeFile(path, bytes);
    await assert.rejects(importFrom(imaged, path), failsWith('IMAGE_CORRUPT', message), name);
  }
  assert.deepEqual(await imaged.list('images'), []);
  assert.deepEqual(await imaged.list('staging'), []);
});

test('a catalogue offers bundles, which are pulled by name and never twice', async (t) => {
  const { imaged, image, bundle, folder } = await startExported(
    t,
    (place) => `[imaged]\ncatalogues = ["${place}/catalogue.json"]\n`,
  );
  await writeCatalogue(folder, { url: 'web.tar.zst', sha256: await digestOfFile(bundle) });
  const offered = await fromCatalogues(imaged);
  assert.deepEqual(
    offered.map(({ name, present }) => [name, present]),
    [['dev-box', false]],
  );
  const { image: made } = await pull(imaged, { source: 'dev-box' });
  assert.equal(made.name, 'dev-box');
  assert.equal(made.diskDigest, image.diskDigest);
  await writeFile(bundle, 'gone');
  assert.equal((await pull(imaged, { source: 'dev-box' })).image.id, made.id);
  await assert.rejects(
    pull(imaged, { source: 'dev-box', name: 'second' }),
    failsWith('IMAGE_CORRUPT', /as catalogue/),
  );
});

test('a catalogue names nothing of this host when it comes from the network', async (t) => {
  const folder = await makeTemporaryFolder(t);
  const catalogue = await writeCatalogue(folder, { url: 'file:///etc/passwd', sha256: 'sha256:' });
  const body = await readFile(catalogue, 'utf8');
  const host = await listenOnLoopback(t, (socket) =>
    socket.once('data', () =>
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
    ),
  );
  const config = `[imaged]\ncatalogues = ["http://${host}/catalogue.json"]\n`;
  const imaged = await startImaged(t, { config });
  await assert.rejects(
    pull(imaged, { source: 'dev-box' }),
    failsWith('IMAGE_CORRUPT', /sha256|url/),
  );
  assert.deepEqual(await fromCatalogues(imaged), []);
});

/** Recipes are always on offer; what catalogues add is the question here. */
async function fromCatalogues(imaged: Awaited<ReturnType<typeof startImaged>>) {
  const { images } = await imaged.images.listAvailableImages({});
  return images.filter(({ origin }) => origin !== 'recipe');
}

async function writeCatalogue(
  folder: string,
  entry: { url: string; sha256: string },
): Promise<string> {
  const path = join(folder, 'catalogue.json');
  const sha256 = entry.sha256.slice('sha256:'.length).padEnd(64, '0');
  const architecture = process.arch === 'x64' ? 'amd64' : 'arm64';
  const image = { name: 'dev-box', description: 'a box', architecture, url: entry.url, sha256 };
  await writeFile(path, JSON.stringify({ version: 1, images: [image] }));
  return path;
}

async function digestOfFile(path: string): Promise<string> {
  return `sha256:${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
}

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8((copy.readUInt8(at) + 1) % 256, at);
  return copy;
}
