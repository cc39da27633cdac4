import assert from 'node:assert/strict';
import test from 'node:test';
import { digestOf } from '../../domain/digest.ts';
import { parseReference } from '../../domain/reference.ts';
import { makeImage } from '../../testing/image-fixture.ts';
import { pullOptions, setUpPulls } from '../../testing/pull-setup.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { startScriptedRegistry } from '../../testing/scripted-registry.ts';
import { seededBytes } from '../../testing/seeded-random.ts';

const IMAGE = makeImage();

test('pulls from a mirror without asking the registry or telling its login', async (t) => {
  const mirror = await startScriptedRegistry(t);
  mirror.add('hub/library/app', 'v1', IMAGE);
  const mirrors = { 'docker.io': [{ host: mirror.host, repositoryPrefix: 'hub' }] };
  const { registry } = await setUpPulls(t, { mirrors });
  const credentials = new Map([['docker.io', { username: 'user', password: 'secret' }]]);
  await using image = await registry.openImage(
    parseReference('app:v1'),
    pullOptions({ credentials }),
  );
  assert.equal(image.name, 'docker.io/library/app:v1');
  assert.equal((await readLayers(image)).length, 2);
  assert.ok(mirror.requests.every(({ headers }) => headers.authorization === undefined));
});

test('shows a mirror the login that is meant for it', async (t) => {
  const mirror = await startScriptedRegistry(t);
  mirror.add('library/app', 'v1', IMAGE);
  mirror.script = ({ headers }, response) => {
    if (headers.authorization?.startsWith('Basic ')) return undefined;
    response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
    return true;
  };
  const { registry } = await setUpPulls(t, { mirrors: { 'docker.io': [{ host: mirror.host }] } });
  const credentials = new Map([[mirror.host, { username: 'user', password: 'secret' }]]);
  await using image = await registry.openImage(
    parseReference('app:v1'),
    pullOptions({ credentials }),
  );
  assert.equal(image.layers.length, 2);
});

test('goes on to the next mirror and then to the registry', async (t) => {
  const [empty, server] = [await startScriptedRegistry(t), await startScriptedRegistry(t)];
  const reference = server.offer(IMAGE);
  const mirrors = { [server.host]: [{ host: '127.0.0.1:1' }, { host: empty.host }] };
  const { registry } = await setUpPulls(t, { mirrors });
  await using image = await registry.openImage(reference, pullOptions());
  assert.equal((await readLayers(image)).length, 2);
  // One that has failed is left alone for the rest of the pull.
  assert.equal(empty.requests.length, 1);
});

test('takes from the registry the one blob that a mirror has wrong, and the rest too', async (t) => {
  const layers = [seededBytes(200_000, 5), seededBytes(200_000, 6)];
  const image = makeImage({ layers });
  const [mirror, server] = [await startScriptedRegistry(t), await startScriptedRegistry(t)];
  mirror.offer(image);
  const reference = server.offer(image);
  const wrong = digestOf(layers[0] ?? Buffer.alloc(0));
  mirror.script = ({ url }, response) => {
    if (!url?.includes(wrong)) return undefined;
    response.end(Buffer.alloc(200_000));
    return true;
  };
  const { registry } = await setUpPulls(t, {
    mirrors: { [server.host]: [{ host: mirror.host }] },
  });
  await using pulled = await registry.openImage(reference, pullOptions());
  assert.deepEqual(await readLayers(pulled), layers.map(digestOf));
});

test('reports what the registry said when the mirrors have failed as well', async (t) => {
  const [mirror, server] = [await startScriptedRegistry(t), await startScriptedRegistry(t)];
  const { registry } = await setUpPulls(t, {
    mirrors: { [server.host]: [{ host: mirror.host }] },
  });
  await assert.rejects(
    registry.openImage(parseReference(`${server.host}/app:v1`), pullOptions()),
    (error: Error) => {
      assert.match(
        error.message,
        new RegExp(`in registry "${server.host}".*a mirror failed before`),
      );
      assert.ok(error.cause instanceof AggregateError);
      assert.match(String(error.cause.errors[1]), new RegExp(mirror.host));
      return true;
    },
  );
});
