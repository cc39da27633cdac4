import assert from 'node:assert/strict';
import test from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { makeImage, makeIndex, OCI_INDEX, OCI_MANIFEST, toJson } from '../testing/image-fixture.ts';
import { mutate, seededRandom } from '../testing/seeded-random.ts';
import { parseImageConfig } from './oci-config.ts';
import { parseManifest } from './oci-manifest.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;
const LAYER = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: DIGEST, size: 1 };
const CONFIG = { ...LAYER, mediaType: 'application/vnd.oci.image.config.v1+json' };
const IMAGE = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [LAYER] };

function parse(document: unknown, announced?: string): ReturnType<typeof parseManifest> {
  return parseManifest('manifest of "app"', toJson(document), announced);
}

test('reads an image manifest of the OCI and of Docker', () => {
  const docker = {
    ...IMAGE,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: { ...CONFIG, mediaType: 'application/vnd.docker.container.image.v1+json' },
    layers: [{ ...LAYER, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' }],
  };
  for (const document of [IMAGE, docker]) {
    const manifest = parse(document, document.mediaType);
    assert.ok(manifest.kind === 'image');
    assert.deepEqual(manifest.layers, [
      { mediaType: document.layers[0]?.mediaType, digest: DIGEST, sizeBytes: 1 },
    ]);
  }
});

test('reads an index with platforms and annotations', () => {
  const platform = { os: 'linux', architecture: 'arm64', variant: 'v8', 'os.version': '1' };
  const manifest = parse({
    schemaVersion: 2,
    manifests: [{ ...IMAGE.config, platform, annotations: { a: 'b' } }, IMAGE.config],
  });
  assert.ok(manifest.kind === 'index');
  const [first, second] = manifest.entries;
  assert.deepEqual(first?.platform, { os: 'linux', architecture: 'arm64', variant: 'v8' });
  assert.equal(first?.annotations.get('a'), 'b');
  assert.equal(second?.platform, undefined);
});

test('names document and field of what is wrong', () => {
  const wrong: [object, string][] = [
    [{ schemaVersion: 3 }, 'field "schemaVersion" must be 2, found 3'],
    [{ layers: {} }, 'field "layers" must be a list, found an object'],
    [{ layers: undefined }, 'field "layers" must be a list, found nothing'],
    [{ layers: [{ ...LAYER, size: -1 }] }, 'field "layers[0].size" must be a whole number'],
    [{ layers: [{ ...LAYER, size: 1.5 }] }, 'field "layers[0].size" must be'],
    [{ layers: [{ ...LAYER, size: 2 ** 60 }] }, 'field "layers[0].size" must be'],
    [{ layers: [{ ...LAYER, size: '1' }] }, 'must be a whole number of bytes, found "1"'],
    [
      { layers: [LAYER, { ...LAYER, digest: 'md5:1' }] },
      'field "layers[1].digest" must be a sha256',
    ],
    [{ layers: [LAYER, null] }, 'field "layers[1]" must be an object, found nothing'],
    [{ layers: Array(1001).fill(LAYER) }, 'field "layers" must be at most 1000 layers'],
    [{ config: [] }, 'field "config" must be an object, found a list'],
    [{ config: { ...CONFIG, mediaType: 7 } }, 'field "config.mediaType" must be a text, found 7'],
    [{ manifests: [] }, 'field "manifests" must be absent in an image manifest'],
    [{ mediaType: OCI_INDEX, manifests: [] }, 'field "config" must be absent in an index manifest'],
  ];
  for (const [change, message] of wrong) {
    assert.throws(
      () => parse({ ...IMAGE, ...change }),
      (error: BangerError) => {
        assert.equal(error.reason, 'IMAGE_CORRUPT');
        assert.ok(error.message.startsWith('manifest of "app" is damaged: '), error.message);
        assert.ok(error.message.includes(message), `${error.message} has no ${message}`);
        return true;
      },
    );
  }
});

test('says what it does not support', () => {
  const refused: [object, RegExp][] = [
    [{ schemaVersion: 1 }, /obsolete schema 1/],
    [{ mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws' }, /obsolete/],
    [{ fsLayers: [] }, /obsolete/],
    [{ mediaType: 'application/vnd.cncf.helm' }, /unknown type "application\/vnd.cncf.helm"/],
    [{ config: { ...CONFIG, mediaType: 'application/vnd.oci.empty.v1+json' } }, /not a container/],
    [{ layers: [{ ...LAYER, mediaType: 'text/x' }] }, /layer of type "text\/x"/],
    [{ layers: [{ ...LAYER, mediaType: 'constructor' }] }, /layer of type/],
    [{ layers: undefined, mediaType: undefined }, /unknown type ""/],
  ];
  for (const [change, message] of refused) {
    const document = { ...IMAGE, ...change };
    assert.throws(() => parse(document), { reason: 'FEATURE_UNSUPPORTED', message });
  }
});

test('refuses what is not JSON, or not text', () => {
  for (const bytes of ['', '{', 'null', '[]', '"x"', '\ufeff\ufeff{}']) {
    assert.throws(() => parseManifest('it', Buffer.from(bytes)), { reason: 'IMAGE_CORRUPT' });
  }
  assert.throws(() => parseManifest('it', Buffer.from([0x7b, 0xff, 0x7d])), /not valid JSON/);
  assert.throws(() => parseManifest('it', Buffer.from('['.repeat(1 << 20))), /not valid JSON/);
});

test('turns any document into a value or an error of its own', () => {
  const seed = 815;
  const random = seededRandom(seed);
  const { manifest, blobs } = makeImage({
    process: { Labels: { a: 'b' }, ExposedPorts: { '1': {} } },
  });
  const [config = Buffer.alloc(0)] = blobs.values();
  const index = makeIndex([{ ...CONFIG, platform: { os: 'linux' } }]);
  const parsers: [Buffer, (bytes: Buffer) => unknown][] = [
    [manifest, (bytes) => parseManifest('it', bytes)],
    [index, (bytes) => parseManifest('it', bytes, OCI_INDEX)],
    [config, (bytes) => parseImageConfig('it', bytes)],
  ];
  for (let round = 0; round < 6000; round++) {
    for (const [honest, parser] of parsers) {
      try {
        parser(mutate(honest, random));
      } catch (error) {
        assert.ok(error instanceof BangerError, `seed ${seed}, round ${round}: ${String(error)}`);
      }
    }
  }
});
