import assert from 'node:assert/strict';
import test from 'node:test';
import { mutate, seededRandom } from '../../testing/seeded-random.ts';
import { findChallenge } from './challenge.ts';

test('reads the token challenge of a registry', () => {
  const header =
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a:pull,push"';
  assert.deepEqual(findChallenge(header), {
    scheme: 'bearer',
    realm: 'https://auth.docker.io/token',
    service: 'registry.docker.io',
  });
});

test('prefers a token where several ways are offered', () => {
  const header = 'Negotiate, Basic realm="a, b=c", bearer Realm=https://auth.test/, error="x"';
  assert.deepEqual(findChallenge(header), {
    scheme: 'bearer',
    realm: 'https://auth.test/',
    service: undefined,
  });
});

test('falls back to name and password, and to nothing', () => {
  assert.deepEqual(findChallenge('Basic realm="Registry"'), { scheme: 'basic' });
  assert.deepEqual(findChallenge('BASIC'), { scheme: 'basic' });
  for (const header of ['', 'Bearer', 'Digest realm="x"', '=', '"Basic"', 'realm="Basic"']) {
    assert.equal(findChallenge(header), undefined, header);
  }
});

test('unescapes quoted text', () => {
  const header = String.raw`Bearer realm="https://a.test/?q=\"x\\y\"",service="s"`;
  assert.deepEqual(findChallenge(header), {
    scheme: 'bearer',
    realm: String.raw`https://a.test/?q="x\y"`,
    service: 's',
  });
});

test('survives any header', () => {
  const random = seededRandom(20);
  const honest = Buffer.from('Bearer realm="https://a.test/token",service="s", Basic realm="x"');
  for (let round = 0; round < 5000; round++)
    findChallenge(mutate(honest, random).toString('latin1'));
  findChallenge(`Bearer ${'a="'.repeat(50_000)}`);
  findChallenge(`Bearer ${' ,'.repeat(50_000)}`);
});
