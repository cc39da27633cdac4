import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aclFromDisk, aclToDisk } from './acl.ts';

/** u::rwx u:1000:rw- g::r-x g:7:--- m::rwx o::r-- */
const OUTSIDE = Buffer.from(
  '0200000001000700ffffffff02000600e803000004000500ffffffff080000000700000010000700ffffffff20000400ffffffff',
  'hex',
);
const ON_DISK = Buffer.from(
  '010000000100070002000600e803000004000500080000000700000010000700' + '20000400',
  'hex',
);

test('an access control list has ids on the disk only where they mean something', () => {
  assert.deepEqual(aclToDisk(OUTSIDE), ON_DISK);
  assert.deepEqual(aclFromDisk(ON_DISK), OUTSIDE);
});

test('a malformed access control list is refused', () => {
  for (const hex of [
    '',
    '02000000010007',
    '0300000001000700ffffffff',
    '0200000003000700ffffffff',
  ]) {
    assert.throws(() => aclToDisk(Buffer.from(hex, 'hex')), { reason: 'IMAGE_CORRUPT' }, hex);
  }
  for (const hex of ['', '0200000001000700', '010000000100', '0100000002000600e803']) {
    assert.throws(() => aclFromDisk(Buffer.from(hex, 'hex')), { reason: 'IMAGE_CORRUPT' }, hex);
  }
});
