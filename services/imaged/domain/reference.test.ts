import assert from 'node:assert/strict';
import test from 'node:test';
import { hasReason } from '#kit/errors.ts';
import { mutate, seededRandom } from '../testing/seeded-random.ts';
import { formatReference, parseReference } from './reference.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

const SPELLINGS: [string, string][] = [
  ['debian', 'docker.io/library/debian:latest'],
  ['debian:bookworm', 'docker.io/library/debian:bookworm'],
  ['owner/app', 'docker.io/owner/app:latest'],
  ['docker.io/debian', 'docker.io/library/debian:latest'],
  ['index.docker.io/debian:12', 'docker.io/library/debian:12'],
  ['docker.io/owner/app', 'docker.io/owner/app:latest'],
  ['localhost/app', 'localhost/app:latest'],
  ['localhost:5000', 'docker.io/library/localhost:5000'],
  ['localhost:5000/app:v1', 'localhost:5000/app:v1'],
  ['GHCR.io/owner/app', 'ghcr.io/owner/app:latest'],
  ['127.0.0.1:80/a/b/c:v', '127.0.0.1:80/a/b/c:v'],
  ['[::1]:5000/app', '[::1]:5000/app:latest'],
  ['[fe80::1]/app', '[fe80::1]/app:latest'],
  [`debian@${DIGEST}`, `docker.io/library/debian@${DIGEST}`],
  [`debian:12@${DIGEST}`, `docker.io/library/debian:12@${DIGEST}`],
  ['r.test/a.b_c__d---e/f:V_1.0-rc', 'r.test/a.b_c__d---e/f:V_1.0-rc'],
  [`r.test/app:${'t'.repeat(128)}`, `r.test/app:${'t'.repeat(128)}`],
];

for (const [text, full] of SPELLINGS) {
  test(`reads "${text.slice(0, 40)}" as "${full.slice(0, 60)}"`, () => {
    assert.equal(formatReference(parseReference(text)), full);
    assert.deepEqual(parseReference(full), parseReference(text));
  });
}

const REFUSED: [string, RegExp][] = [
  ['', /has no image name/],
  ['r.test/', /has no image name/],
  [':tag', /has no image name/],
  ['Debian', /capital letters.*lower case/],
  ['Owner/app', /capital letters/],
  ['r.test/App', /capital letters/],
  ['app:', /has the tag ""/],
  ['app:-x', /has the tag "-x"/],
  [`app:${'t'.repeat(129)}`, /up to 128/],
  ['a:b:c', /has the tag "b:c"/],
  ['a//b', /name part ""/],
  ['a/../b', /name part ".."/],
  ['a/.b', /name part ".b"/],
  ['a___b', /name part "a___b"/],
  ['a b', /name part "a b"/],
  ['a\u0000b', /name part "a\\u\{0\}b"/],
  ['-a', /name part "-a"/],
  ['/a', /name part ""/],
  ['a@', /has a digest that is not/],
  ['a@sha256:abc', /has a digest/],
  [`a@${DIGEST.toUpperCase()}`, /has a digest/],
  [`a@${DIGEST}@${DIGEST}`, /has a digest/],
  [`a@sha512:${'0'.repeat(128)}`, /has a digest/],
  ['0a'.repeat(32), /bare image id/],
  ['host:0/a', /has the registry "host:0"/],
  ['host:65536/a', /has the registry/],
  ['host:x/a', /has the registry/],
  ['127.080/a', /has the registry/],
  ['-host.test/a', /has the registry/],
  ['user@host.test/a', /has a digest/],
  ['a..b/c', /has the registry "a..b"/],
  ['[::1/a', /has the registry/],
  ['[1:2]/a', /not a host name or address/],
  [`r.test/${'a'.repeat(250)}`, /longer than 255/],
];

for (const [text, message] of REFUSED) {
  test(`refuses ${JSON.stringify(text.slice(0, 40))}: ${message.source.slice(0, 30)}`, () => {
    assert.throws(() => parseReference(text), { reason: 'INVALID_REFERENCE', message });
  });
}

test('whatever it accepts is plain enough for a URL and reads back the same', () => {
  const seed = 4711;
  const random = seededRandom(seed);
  const honest = SPELLINGS.map(([text]) => Buffer.from(text));
  for (let round = 0; round < 20_000; round++) {
    const text = mutate(honest[round % honest.length] ?? Buffer.alloc(0), random).toString(
      'latin1',
    );
    try {
      const reference = parseReference(text);
      assert.deepEqual(parseReference(formatReference(reference)), reference);
      const url = new URL(`https://${reference.registry}/v2/${reference.repository}/manifests/x`);
      assert.equal(url.pathname, `/v2/${reference.repository}/manifests/x`);
      assert.equal(url.username, '');
    } catch (error) {
      const why = `seed ${seed}, round ${round}: ${JSON.stringify(text)}`;
      assert.ok(hasReason(error, 'INVALID_REFERENCE'), `${why}: ${String(error)}`);
    }
  }
});
