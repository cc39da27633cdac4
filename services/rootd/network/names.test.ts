import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { findTapIndex, parseBridgeName, parseTapIndexes, tapName } from './names.ts';

test('a bridge is called br-banger, or that with a short suffix', () => {
  for (const name of ['br-banger', 'br-banger-a', 'br-banger-ci123'.slice(0, 15)]) {
    assert.equal(parseBridgeName(name), name);
    assert.ok(Buffer.byteLength(name) <= 15);
  }
});

test('no other name of a device can be said', () => {
  const others = [
    '',
    'eth0',
    'br-bang',
    'br-bangers',
    'br-banger-',
    'br-banger-abcdef',
    'BR-BANGER',
  ];
  for (const name of [...others, 'br-banger\n', ' br-banger', 'br-banger-a b', 'br-b\u0430nger']) {
    assert.throws(
      () => parseBridgeName(name),
      failsWith('OPERATION_REFUSED', /is no bridge of banger/),
      JSON.stringify(name),
    );
  }
});

test('the longest tap has a name that a device can have', () => {
  assert.equal(tapName(65_535), 'bgtap-65535');
  assert.ok(tapName(65_535).length <= 15);
});

test('a tap is known by its name, and a name that is spelled otherwise is none', () => {
  assert.equal(findTapIndex('bgtap-0'), 0);
  assert.equal(findTapIndex(tapName(65_535)), 65_535);
  for (const name of ['bgtap-', 'bgtap-01', 'bgtap-65536', 'bgtap-1x', 'xbgtap-1', 'bgtap--1']) {
    assert.equal(findTapIndex(name), undefined, name);
  }
});

test('taps are asked for in limited numbers, and once each', () => {
  assert.deepEqual(parseTapIndexes([3, 1, 3]), [3, 1]);
  for (const indexes of [[], Array.from({ length: 257 }, () => 1), [65_536], [-1], [0.5]]) {
    assert.throws(() => parseTapIndexes(indexes), failsWith('INVALID_FIELD', /^indexes /));
  }
});
