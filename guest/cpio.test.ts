import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';
import { listCpio, noCpio, readFromCpio } from './testing/cpio-listing.ts';

const ENTRIES: CpioEntry[] = [
  { kind: 'folder', path: 'a', mode: 0o750, uid: 7, gid: 8 },
  { kind: 'file', path: 'a/odd', mode: 0o4755, content: Buffer.from('12345') },
  { kind: 'file', path: 'a/ünï', mode: 0o600, content: Buffer.alloc(0), mtimeSeconds: 1e9 },
  { kind: 'link', path: 'a/link', mode: 0o777, target: '../somewhere else' },
  { kind: 'character', path: 'console', mode: 0o600, major: 5, minor: 1 },
];

test('another program reads the archive as it was meant', { skip: noCpio }, () => {
  const archive = writeCpio(ENTRIES);
  assert.deepEqual(listCpio(archive), [
    'drwxr-x--- 2 7 8 0 a',
    '-rwsr-xr-x 1 0 0 5 a/odd',
    '-rw------- 1 0 0 0 a/ünï',
    'lrwxrwxrwx 1 0 0 17 a/link -> ../somewhere else',
    'crw------- 1 0 0 5, 1 console',
  ]);
  assert.equal(String(readFromCpio(archive, 'a/odd')), '12345');
});

test('archives can follow one another, and equal content gives equal bytes', () => {
  const archive = writeCpio(ENTRIES);
  assert.equal(archive.length % 512, 0);
  assert.deepEqual(writeCpio(ENTRIES), archive);
  assert.equal(writeCpio([]).length, 512);
});

test('a path that is none is refused', () => {
  for (const path of ['', '/a', 'a//b', './a', 'a/..', 'a\0b', 'TRAILER!!!', 'x'.repeat(4096)]) {
    assert.throws(() => writeCpio([{ kind: 'folder', path, mode: 0o755 }]), BangerError, path);
  }
});
