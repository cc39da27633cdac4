import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Reason } from '#kit/errors.ts';
import { digestOf } from '../../domain/digest.ts';
import { parseReference } from '../../domain/reference.ts';
import {
  describe,
  makeImage,
  makeIndex,
  OCI_INDEX,
  OCI_MANIFEST,
  toJson,
} from '../../testing/image-fixture.ts';
import { pullOptions, setUpPulls } from '../../testing/pull-setup.ts';
import {
  type Script,
  type ScriptedRegistry,
  startScriptedRegistry,
} from '../../testing/scripted-registry.ts';

const IMAGE = makeImage();

async function openWith(
  t: TestContext,
  prepare: (server: ScriptedRegistry) => void,
  reference = 'app:v1',
): Promise<string> {
  const server = await startScriptedRegistry(t);
  server.offer(IMAGE);
  prepare(server);
  const { registry } = await setUpPulls(t);
  const parsed = parseReference(`${server.host}/${reference}`);
  await using image = await registry.openImage(parsed, pullOptions());
  return image.manifestDigest;
}

async function refuses(
  t: TestContext,
  [reason, message]: [Reason, RegExp],
  prepare: (server: ScriptedRegistry) => void,
  reference?: string,
): Promise<void> {
  await assert.rejects(openWith(t, prepare, reference), { reason, message });
}

/** Answers requests whose path ends like this with something else. */
function answerTo(end: string, bytes: Buffer, headers: Record<string, string> = {}): Script {
  return (request, response) => {
    if (!request.url?.endsWith(end)) return undefined;
    response.writeHead(200, { 'content-type': OCI_MANIFEST, ...headers }).end(bytes);
    return true;
  };
}

test('finds the image for the platform in an index, through a further index', async (t) => {
  const other = makeImage({ architecture: 'arm64' });
  const platform = { os: 'linux', architecture: 'amd64' };
  const inner = makeIndex([
    { ...describe(other.manifest, OCI_MANIFEST), platform: { ...platform, architecture: 'arm64' } },
    { ...describe(IMAGE.manifest, OCI_MANIFEST), platform },
    { ...describe(toJson({}), OCI_MANIFEST), platform: { os: 'unknown', architecture: 'unknown' } },
  ]);
  const outer = makeIndex([{ ...describe(inner, OCI_INDEX), platform }]);
  const digest = await openWith(t, (server) => {
    server.addManifest('app', 'inner', inner, OCI_INDEX);
    server.addManifest('app', 'v1', outer, OCI_INDEX);
  });
  assert.equal(digest, IMAGE.digest);
});

test('says which platforms there are when the wanted one is not among them', async (t) => {
  const entries = ['arm64', 's390x'].map((architecture) => ({
    ...describe(IMAGE.manifest, OCI_MANIFEST),
    platform: { os: 'linux', architecture },
  }));
  const message = /not made for linux\/amd64 but for linux\/arm64, linux\/s390x/;
  await refuses(t, ['FEATURE_UNSUPPORTED', message], (server) =>
    server.addManifest('app', 'v1', makeIndex(entries), OCI_INDEX),
  );
});

test('does not believe an index about the platform of an image', async (t) => {
  const other = makeImage({ architecture: 'arm64' });
  const platform = { os: 'linux', architecture: 'amd64' };
  const index = makeIndex([{ ...describe(other.manifest, OCI_MANIFEST), platform }]);
  await refuses(t, ['FEATURE_UNSUPPORTED', /but for linux\/arm64/], (server) => {
    server.add('app', 'other', other);
    server.addManifest('app', 'v1', index, OCI_INDEX);
  });
});

test('refuses a manifest that is not the one asked for by digest', async (t) => {
  const wrong = makeImage({ process: {} });
  await refuses(
    t,
    ['IMAGE_CORRUPT', new RegExp(`${IMAGE.digest}.*hashes to ${wrong.digest}`)],
    (server) => {
      server.script = answerTo(IMAGE.digest, wrong.manifest);
    },
    `app@${IMAGE.digest}`,
  );
});

test('refuses a manifest that is not the one its own answer announces', async (t) => {
  const announced = digestOf(Buffer.from('something else'));
  await refuses(t, ['IMAGE_CORRUPT', /announced ".*" but sent a document/], (server) => {
    server.script = answerTo('/v1', IMAGE.manifest, { 'docker-content-digest': announced });
  });
});

test('refuses a config and an inner manifest with another digest', async (t) => {
  const [config = Buffer.alloc(0)] = IMAGE.blobs.values();
  const wrong = Buffer.from(config.toString().replace('/bin/sh', '/bin/no'));
  await refuses(t, ['IMAGE_CORRUPT', /is damaged: its content hashes/], (server) => {
    server.script = answerTo(digestOf(config), wrong);
  });
  const index = makeIndex([describe(IMAGE.manifest, OCI_MANIFEST)]);
  await refuses(t, ['IMAGE_CORRUPT', /is damaged: it has \d+ bytes/], (server) => {
    server.addManifest('app', 'v1', index, OCI_INDEX);
    server.script = answerTo(IMAGE.digest, Buffer.from('{}'));
  });
});

test('refuses a huge manifest before and while reading it', async (t) => {
  const huge = Buffer.alloc(5 << 20, ' ');
  await refuses(t, ['IMAGE_CORRUPT', /has 5242880 bytes; more than 4194304/], (server) => {
    server.script = answerTo('/v1', huge, { 'content-length': `${huge.length}` });
  });
  await refuses(t, ['IMAGE_CORRUPT', /longer than 4194304 bytes/], (server) => {
    server.script = (request, response) => {
      if (!request.url?.endsWith('/v1')) return undefined;
      const pour = (): void => {
        while (!response.destroyed && response.write(huge));
      };
      response.on('drain', pour);
      pour();
      return true;
    };
  });
});

test('refuses an index entry or a config that announces too much', async (t) => {
  const big = { ...describe(IMAGE.manifest, OCI_MANIFEST), size: 100 << 20 };
  await refuses(t, ['IMAGE_CORRUPT', /manifest of .* has 104857600 bytes/], (server) =>
    server.addManifest('app', 'v1', makeIndex([big]), OCI_INDEX),
  );
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: IMAGE.digest };
  const image = makeImage({ manifest: { config: { ...config, size: 100 << 20 } } });
  await refuses(t, ['IMAGE_CORRUPT', /config of .* has 104857600 bytes/], (server) =>
    server.add('app', 'v1', image),
  );
});

test('refuses a manifest that is an index as well, whatever it is sent as', async (t) => {
  const both = makeImage({ manifest: { manifests: [], mediaType: undefined } });
  for (const type of [OCI_MANIFEST, OCI_INDEX, 'application/json']) {
    await refuses(t, ['IMAGE_CORRUPT', /must be absent in an/], (server) =>
      server.addManifest('app', 'v1', both.manifest, type),
    );
  }
});

test('refuses a manifest of another type than it was sent as', async (t) => {
  await refuses(t, ['IMAGE_CORRUPT', /field "mediaType" must be/], (server) =>
    server.addManifest('app', 'v1', IMAGE.manifest, OCI_INDEX),
  );
});

test('takes a manifest that is sent without a type that says anything', async (t) => {
  const untyped = makeImage({ manifest: { mediaType: undefined } });
  const digest = await openWith(t, (server) => {
    server.add('app', 'v1', untyped);
    server.addManifest('app', 'v1', untyped.manifest, 'application/json; charset=utf-8');
  });
  assert.equal(digest, untyped.digest);
});

test('refuses an index that leads to itself', async (t) => {
  // No document can hold its own digest; a server that does not care what it sends can pretend so.
  const platform = { os: 'linux', architecture: 'amd64' };
  let document = IMAGE.manifest;
  await refuses(t, ['IMAGE_CORRUPT', /nested more than 4 deep/], (server) => {
    for (let depth = 0; depth < 5; depth++) {
      const type = depth === 0 ? OCI_MANIFEST : OCI_INDEX;
      document = makeIndex([{ ...describe(document, type), platform }]);
      server.addManifest('app', 'v1', document, OCI_INDEX);
    }
  });
});

test('refuses an image whose manifest and config count layers differently', async (t) => {
  await refuses(t, ['IMAGE_CORRUPT', /its manifest has 0 layers, its config 2/], (server) =>
    server.add('app', 'v1', makeImage({ manifest: { layers: [] } })),
  );
});
