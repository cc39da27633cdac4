import assert from 'node:assert/strict';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { nameOfSource, parsePullSource } from './pull-source.ts';

test('tells what is streamed from what is fetched', () => {
  const streamed = (format: string, tag?: string) => ({ kind: 'streamed', format, tag });
  assert.deepEqual(parsePullSource('-'), streamed('unknown'));
  assert.deepEqual(parsePullSource('tar:'), streamed('tar'));
  assert.deepEqual(parsePullSource('oci-archive:v1'), streamed('oci-archive', 'v1'));
  assert.deepEqual(parsePullSource('docker-archive:a/b:1'), streamed('docker-archive', 'a/b:1'));
  assert.deepEqual(parsePullSource('box'), { kind: 'bare', word: 'box' });
  assert.equal(parsePullSource('docker://debian').kind, 'registry');
});

test("refuses paths, which are the caller's to read", () => {
  for (const source of ['oci:/layout', 'tar:/x.tar', 'oci-archive:/x.tar', 'docker-archive:./x']) {
    assert.throws(() => parsePullSource(source), failsWith('INVALID_REFERENCE', /caller|asks/));
  }
});

test('finds a name where there is one', () => {
  const nameOf = (source: string) => nameOfSource(source, parsePullSource(source));
  assert.equal(nameOf('docker://debian:bookworm'), 'debian-bookworm');
  assert.equal(nameOf('docker-archive:team/app:v1'), 'app-v1');
  assert.equal(nameOf('oci-archive:latest'), undefined);
  assert.equal(nameOf('-'), undefined);
});
