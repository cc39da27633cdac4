import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultImageName, parseSource } from './image-source.ts';
import { parseReference } from './reference.ts';

test('reads the spellings of skopeo', () => {
  assert.deepEqual(parseSource('docker://debian:12'), {
    kind: 'registry',
    reference: parseReference('debian:12'),
  });
  assert.deepEqual(parseSource('oci:dir'), { kind: 'oci', path: 'dir', tag: undefined });
  assert.deepEqual(parseSource('oci:/a/dir:v1'), { kind: 'oci', path: '/a/dir', tag: 'v1' });
  assert.deepEqual(parseSource('oci-archive:x.tar:v1'), {
    kind: 'oci-archive',
    path: 'x.tar',
    tag: 'v1',
  });
  assert.deepEqual(parseSource('docker-archive:x.tar:r.test:5000/app:v1'), {
    kind: 'docker-archive',
    path: 'x.tar',
    tag: 'r.test:5000/app:v1',
  });
  assert.deepEqual(parseSource('tar:a:b.tar'), { kind: 'tar', path: 'a:b.tar' });
  assert.deepEqual(parseSource('-'), { kind: 'stdin' });
});

test('leaves a bare word to those who know recipes and catalogues', () => {
  for (const word of ['busybox', 'debian:12', 'ghcr.io/owner/app', 'Not A Reference']) {
    assert.deepEqual(parseSource(word), { kind: 'bare', word });
  }
});

test('refuses sources that cannot be read, saying which can', () => {
  for (const text of [
    'docker-daemon:app',
    'containers-storage:x',
    'https://x.test/a.tar',
    'dir://x',
  ]) {
    assert.throws(() => parseSource(text), {
      reason: 'INVALID_REFERENCE',
      message: /cannot be read; use docker:\/\/, oci:/,
    });
  }
});

test('refuses what has a part missing', () => {
  const refused: [string, RegExp][] = [
    ['', /is empty/],
    ['oci:', /has no path/],
    ['oci-archive::v1', /has no path/],
    ['tar:', /has no path/],
    ['oci:dir:', /ends in a colon/],
    ['tar:a\0b', /NUL/],
    ['docker://', /has no image name/],
    ['docker://Debian', /capital letters/],
  ];
  for (const [text, message] of refused) {
    assert.throws(() => parseSource(text), { reason: 'INVALID_REFERENCE', message });
  }
});

test('names an image after its source', () => {
  const names: [string, string | undefined][] = [
    ['docker://debian:bookworm', 'debian-bookworm'],
    ['docker://debian', 'debian'],
    ['docker://ghcr.io/owner/My.app:V1.2_x'.replace('My', 'my'), 'my.app-v1.2_x'],
    [`docker://app@sha256:${'ab'.repeat(32)}`, 'app-abababababab'],
    [`docker://app:v1@sha256:${'ab'.repeat(32)}`, 'app-v1'],
    ['debian:12', 'debian-12'],
    ['busybox', 'busybox'],
    ['oci:/some/layout', 'layout'],
    ['oci:layout/:v1', 'layout-v1'],
    ['oci:layout:latest', 'layout'],
    ['oci-archive:a/app.oci.tar.gz', 'app'],
    ['oci-archive:app.tar:r.test/x/tool:v2', 'tool-v2'],
    ['docker-archive:saved.tar:debian:12', 'debian-12'],
    ['tar:/tmp/My Root..fs!.tar.zst', 'my-root.fs'],
    ['tar:.tar', undefined],
    ['-', undefined],
  ];
  for (const [text, name] of names) assert.equal(defaultImageName(parseSource(text)), name, text);
});
