import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Reason } from '#kit/errors.ts';
import { digestOf } from '../../domain/digest.ts';
import type { Platform } from '../../domain/platform.ts';
import type { SourceImage } from '../../domain/source-image.ts';
import { blobName, change, dockerMembers, writeTar } from '../../testing/archive-fixture.ts';
import { makeImage, toJson } from '../../testing/image-fixture.ts';
import { readLayers } from '../../testing/read-layer.ts';
import type { TarMember } from '../../testing/tar-bytes.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { openArchiveImage } from './archive-image.ts';

const IMAGE = makeImage();
const AMD64: Platform = { os: 'linux', architecture: 'amd64', variant: undefined };
const MEMBERS = dockerMembers(IMAGE, ['team/app:v1']);
const [CONFIG_DIGEST = IMAGE.digest] = IMAGE.blobs.keys();
const CONFIG = IMAGE.blobs.get(CONFIG_DIGEST) ?? Buffer.alloc(0);
const CONFIG_NAME = `${CONFIG_DIGEST.slice('sha256:'.length)}.json`;
const DIFF_IDS = IMAGE.layers.map(digestOf);

async function open(
  t: TestContext,
  members: readonly TarMember[],
  tag?: string,
): Promise<SourceImage> {
  const folder = await makeTemporaryFolder(t);
  const image = await openArchiveImage(
    { kind: 'docker-archive', path: await writeTar(folder, members), tag },
    { platform: AMD64, scratchFolder: folder, signal: new AbortController().signal },
  );
  t.after(() => image[Symbol.asyncDispose]());
  return image;
}

async function refuses(
  t: TestContext,
  members: readonly TarMember[],
  [reason, message]: [Reason, RegExp],
  tag?: string,
): Promise<void> {
  await assert.rejects(open(t, members, tag).then(readLayers), { reason, message });
}

function withManifest(...images: object[]): TarMember[] {
  return change(MEMBERS, { 'manifest.json': toJson(images) });
}

const SAVED = {
  Config: CONFIG_NAME,
  RepoTags: ['team/app:v1'],
  Layers: ['0/layer.tar', '1/layer.tar'],
};

test('reads an image whose digest is its id and whose layers are known by the config', async (t) => {
  const image = await open(t, MEMBERS);
  assert.equal(image.manifestDigest, CONFIG_DIGEST);
  assert.deepEqual(image.config.cmd, ['/bin/sh']);
  assert.deepEqual(await readLayers(image), DIFF_IDS);
  assert.equal(image.layers[0]?.mediaType, 'application/vnd.docker.image.rootfs.diff.tar');
});

test('reads the newer form, in which everything is a blob', async (t) => {
  const names = new Map([
    [CONFIG_NAME, blobName(CONFIG_DIGEST)],
    ...IMAGE.layers.map(
      (layer, index) => [`${index}/layer.tar`, blobName(digestOf(layer))] as const,
    ),
  ]);
  const manifest = {
    Config: blobName(CONFIG_DIGEST),
    RepoTags: null,
    Layers: IMAGE.layers.map((layer) => blobName(digestOf(layer))),
  };
  const members = withManifest(manifest).map((member) => ({
    ...member,
    name: names.get(member.name) ?? member.name,
  }));
  // Docker 25 wrote an index beside it that has no manifests at all.
  const index = { name: 'index.json', content: toJson({ schemaVersion: 2, manifests: null }) };
  const image = await open(t, [...members, index]);
  assert.equal(image.manifestDigest, CONFIG_DIGEST);
  assert.deepEqual(await readLayers(image), DIFF_IDS);
});

test('follows the link that a repeated layer is saved as', async (t) => {
  const [layer = Buffer.alloc(0)] = IMAGE.layers;
  const twice = makeImage({ layers: [layer, layer] });
  const members = dockerMembers(twice, []).map((member) =>
    member.name === '1/layer.tar'
      ? { name: member.name, type: '2', link: '../0/layer.tar' }
      : member,
  );
  assert.deepEqual(await readLayers(await open(t, members)), [digestOf(layer), digestOf(layer)]);
});

test('takes compressed layers, as other tools than Docker save them', async (t) => {
  const packed = [gzipSync, zstdCompressSync].map((pack, index) =>
    pack(IMAGE.layers[index] ?? Buffer.alloc(0)),
  );
  const members = change(MEMBERS, { '0/layer.tar': packed[0], '1/layer.tar': packed[1] });
  const image = await open(t, members);
  assert.deepEqual(await readLayers(image), packed.map(digestOf));
  assert.deepEqual(
    image.layers.map(({ diffId }) => diffId),
    DIFF_IDS,
  );
  assert.deepEqual(
    image.layers.map(({ mediaType }) => mediaType),
    ['gzip', 'zstd'].map((end) => `application/vnd.docker.image.rootfs.diff.tar.${end}`),
  );
});

test('finds an image by its name among several', async (t) => {
  const other = { ...SAVED, RepoTags: ['other:v2', 'not a reference'], Layers: [] };
  const members = withManifest(SAVED, other);
  for (const tag of ['team/app:v1', 'docker.io/team/app:v1']) {
    assert.equal((await open(t, members, tag)).layers.length, 2);
  }
  const known = /it has: "team\/app:v1", "other:v2", "not a reference"/;
  await refuses(t, members, ['IMAGE_NOT_FOUND', known], 'team/app:v2');
  await refuses(t, members, ['INVALID_REFERENCE', /several images; add one of these/]);
  await refuses(t, members, ['INVALID_REFERENCE', /capital letters/], 'Team/app');
  await refuses(t, withManifest(), ['IMAGE_NOT_FOUND', /holds no image/]);
});

test('refuses an image for another platform', async (t) => {
  const other = dockerMembers(makeImage({ architecture: 'arm64' }), []);
  await refuses(t, other, [
    'FEATURE_UNSUPPORTED',
    /not made for linux\/amd64 but for linux\/arm64/,
  ]);
});

test('names the file and the field that are wrong', async (t) => {
  const layer = IMAGE.layers[0] ?? Buffer.alloc(0);
  const cases: [TarMember[], RegExp][] = [
    [change(MEMBERS, { 'manifest.json': undefined }), /has no "manifest.json"/],
    [change(MEMBERS, { 'manifest.json': toJson({}) }), /must be a list, found an object/],
    [withManifest({ ...SAVED, Config: 1 }), /field "\[0\].Config" must be a text, found 1/],
    [withManifest({ ...SAVED, Config: '/etc/passwd' }), /has no "\/etc\/passwd"/],
    [withManifest({ ...SAVED, Config: '../../etc/passwd' }), /has no "..\/..\/etc\/passwd"/],
    [withManifest({ ...SAVED, Layers: ['0/layer.tar', 'x'] }), /has no "x"/],
    [withManifest({ ...SAVED, Layers: ['0/layer.tar'] }), /has 1 layers, its config 2/],
    [withManifest({ ...SAVED, Layers: Array(1001).fill('x') }), /at most 1000 layers/],
    [change(MEMBERS, { [CONFIG_NAME]: undefined }), new RegExp(`has no "${CONFIG_NAME}"`)],
    [change(MEMBERS, { [CONFIG_NAME]: Buffer.from(`${CONFIG.toString()} `) }), /content hashes to/],
    [change(MEMBERS, { '0/layer.tar': Buffer.from(layer).fill(1, 600) }), /content hashes to/],
  ];
  for (const [members, message] of cases) await refuses(t, members, ['IMAGE_CORRUPT', message]);
});
