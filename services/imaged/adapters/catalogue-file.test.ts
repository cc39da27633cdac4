import assert from 'node:assert/strict';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { parseCatalogue } from './catalogue-file.ts';

const ENTRY = { name: 'box', architecture: 'amd64', url: 'box.tar.zst', sha256: 'a'.repeat(64) };

function parseWith(origin: string, change: object = {}) {
  const document = { version: 1, images: [{ ...ENTRY, ...change }] };
  return parseCatalogue(origin, Buffer.from(JSON.stringify(document)));
}

test('an address may be relative to the catalogue', () => {
  const locations = {
    'https://example.org/a/catalogue.json': 'https://example.org/a/box.tar.zst',
    '/srv/a b/catalogue.json': '/srv/a b/box.tar.zst',
  };
  for (const [origin, location] of Object.entries(locations)) {
    assert.equal(parseWith(origin)[0]?.location, location);
  }
  const [kernel] = parseCatalogue(
    '/c',
    Buffer.from(JSON.stringify({ version: 1, kernels: [ENTRY] })),
  );
  assert.equal(kernel?.kind, 'kernel');
});

test('what is wrong is refused with its field', () => {
  const far = 'https://example.org/catalogue.json';
  for (const [change, message] of [
    [{ url: 'file:///etc/passwd' }, /images\[0\]\.url/],
    [{ url: 'ftp://example.org/x' }, /images\[0\]\.url/],
    [{ sha256: 'ABC' }, /images\[0\]\.sha256/],
    [{ architecture: 5 }, /images\[0\]\.architecture/],
  ] as const) {
    assert.throws(() => parseWith(far, change), failsWith('IMAGE_CORRUPT', message));
  }
  assert.throws(
    () => parseCatalogue(far, Buffer.from('{"version":2}')),
    failsWith('IMAGE_CORRUPT', /version/),
  );
});
