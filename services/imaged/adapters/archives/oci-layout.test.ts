import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Reason } from '#kit/errors.ts';
import { BangerError } from '#kit/errors.ts';
import { digestOf } from '../../domain/digest.ts';
import type { Platform } from '../../domain/platform.ts';
import { blobName, change, ociMembers, writeTar } from '../../testing/archive-fixture.ts';
import {
  describe,
  makeImage,
  makeIndex,
  OCI_INDEX,
  OCI_MANIFEST,
  toJson,
} from '../../testing/image-fixture.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { mutate, seededRandom } from '../../testing/seeded-random.ts';
import type { TarMember } from '../../testing/tar-bytes.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { openArchiveImage } from './archive-image.ts';

const IMAGE = makeImage();
const AMD64: Platform = { os: 'linux', architecture: 'amd64', variant: undefined };
const REF_NAME = 'org.opencontainers.image.ref.name';

async function read(
  t: TestContext,
  members: readonly TarMember[],
  tag?: string,
): Promise<{ digest: string; layers: string[] }> {
  const folder = await makeTemporaryFolder(t);
  await using image = await openArchiveImage(
    { kind: 'oci-archive', path: await writeTar(folder, members), tag },
    { platform: AMD64, scratchFolder: folder, signal: new AbortController().signal },
  );
  return { digest: image.manifestDigest, layers: await readLayers(image) };
}

async function refuses(
  t: TestContext,
  members: readonly TarMember[],
  [reason, message]: [Reason, RegExp],
  tag?: string,
): Promise<void> {
  await assert.rejects(read(t, members, tag), { reason, message });
}

function withIndex(entries: readonly object[]): TarMember[] {
  return change(ociMembers(IMAGE), { 'index.json': makeIndex(entries) });
}

const ENTRY = describe(IMAGE.manifest, OCI_MANIFEST);

test('finds the image by its tag, as OCI tools and as containerd write it', async (t) => {
  const other = makeImage({ process: {} });
  const name = { [REF_NAME]: 'v1', 'io.containerd.image.name': 'docker.io/team/app:v1' };
  const members = [
    ...withIndex([
      { ...describe(other.manifest, OCI_MANIFEST), annotations: { [REF_NAME]: 'v2' } },
      { ...ENTRY, annotations: name },
      { ...ENTRY, annotations: { [REF_NAME]: 'again' } },
    ]),
    { name: blobName(other.digest), content: other.manifest },
  ];
  for (const tag of ['v1', 'docker.io/team/app:v1', 'again']) {
    assert.equal((await read(t, members, tag)).digest, IMAGE.digest, tag);
  }
  await refuses(t, members, ['IMAGE_NOT_FOUND', /no image "v3"; it has: "v2", "v1", /], 'v3');
  await refuses(t, members, ['INVALID_REFERENCE', /several images; add one of these .*"v2"/]);
});

test('chooses by platform where one image is listed for several', async (t) => {
  const other = makeImage({ architecture: 'arm64' });
  const entries = [
    { ...describe(other.manifest, OCI_MANIFEST), platform: { os: 'linux', architecture: 'arm64' } },
    { ...ENTRY, platform: { os: 'linux', architecture: 'amd64' } },
  ];
  assert.equal((await read(t, withIndex(entries))).digest, IMAGE.digest);
  const nested = makeIndex(entries);
  const members = withIndex([describe(nested, OCI_INDEX)]);
  members.push({ name: blobName(digestOf(nested)), content: nested });
  assert.equal((await read(t, members)).digest, IMAGE.digest);
});

test('names the file that is missing or wrong', async (t) => {
  const members = ociMembers(IMAGE);
  const [layer = Buffer.alloc(0)] = IMAGE.layers;
  const layerName = blobName(digestOf(layer));
  const configName = blobName([...IMAGE.blobs.keys()][0] ?? IMAGE.digest);
  const cases: [Record<string, Buffer | undefined>, RegExp][] = [
    [{ 'oci-layout': undefined }, /image.tar" is damaged: it has no "oci-layout"/],
    [
      { 'oci-layout': toJson({ imageLayoutVersion: '2.0' }) },
      /"imageLayoutVersion" must be version 1/,
    ],
    [{ 'oci-layout': Buffer.alloc(5000, ' ') }, /file "oci-layout" .* has 5000 bytes/],
    [{ 'index.json': undefined }, /has no "index.json"/],
    [{ 'index.json': Buffer.from('{') }, /file "index.json" of archive ".*" is damaged/],
    [{ 'index.json': IMAGE.manifest }, /field "manifests" must be a list/],
    [{ 'index.json': Buffer.alloc(5 << 20, ' ') }, /has 5242880 bytes; more than/],
    [{ [blobName(IMAGE.digest)]: undefined }, new RegExp(`has no "${blobName(IMAGE.digest)}"`)],
    [{ [blobName(IMAGE.digest)]: toJson({}) }, /it has 2 bytes, not/],
    [{ [configName]: undefined }, new RegExp(`has no "${configName}"`)],
    [{ [layerName]: undefined }, new RegExp(`has no "${layerName}"`)],
    [{ [layerName]: layer.subarray(1) }, /it has 69999 bytes, not 70000/],
    [{ [layerName]: Buffer.from(layer).fill(0, 0, 9) }, /its content hashes to/],
  ];
  for (const [changes, message] of cases) {
    await refuses(t, change(members, changes), ['IMAGE_CORRUPT', message]);
  }
});

test('refuses a document that announces more than is read', async (t) => {
  const big = { ...ENTRY, size: 100 << 20 };
  await refuses(t, withIndex([big]), ['IMAGE_CORRUPT', /has 104857600 bytes; more than/]);
});

test('looks nowhere but in the archive, whatever digests and links say', async (t) => {
  const secret = 'sha256:../../../../../../../etc/passwd';
  await refuses(t, withIndex([{ ...ENTRY, digest: secret }]), ['IMAGE_CORRUPT', /a sha256 digest/]);
  const name = blobName(IMAGE.digest);
  for (const link of ['/etc/passwd', '../../../../../../etc/passwd', name]) {
    const members = change(ociMembers(IMAGE), { [name]: undefined });
    for (const type of ['1', '2']) {
      await refuses(
        t,
        [...members, { name, type, link }],
        ['IMAGE_CORRUPT', new RegExp(`has no "${name}"`)],
      );
    }
  }
});

test('turns any archive into an image or an error of its own', async (t) => {
  const seed = 1138;
  const random = seededRandom(seed);
  const small = makeImage({ layers: [Buffer.from('layer')] });
  const members = ociMembers(small);
  const folder = await makeTemporaryFolder(t);
  for (let round = 0; round < 400; round++) {
    const victim = members[Math.floor(random() * 3)];
    const content = victim && mutate(victim.content ?? Buffer.alloc(0), random);
    const path = await writeTar(folder, change(members, victim ? { [victim.name]: content } : {}));
    try {
      await using image = await openArchiveImage(
        { kind: 'oci-archive', path, tag: undefined },
        { platform: AMD64, scratchFolder: folder, signal: new AbortController().signal },
      );
      await readLayers(image);
    } catch (error) {
      assert.ok(error instanceof BangerError, `seed ${seed}, round ${round}: ${String(error)}`);
    }
  }
});
