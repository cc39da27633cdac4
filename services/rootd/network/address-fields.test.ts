import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { parseMac, parsePrivateIpv4 } from './address-fields.ts';

test('an address of a private network passes as it is written', () => {
  for (const text of ['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.9.9', '192.168.0.1']) {
    assert.equal(parsePrivateIpv4('address', text), text);
  }
});

test('other networks and other ways of writing are refused', () => {
  const others = ['172.32.0.1', '172.15.0.1', '11.0.0.1', '192.169.0.1', '127.0.0.1', '8.8.8.8'];
  const spellings = [
    '',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.1/8',
    '10.0.0.1 ',
    '0xa.0.0.1',
  ];
  for (const text of [...others, ...spellings, '::ffff:10.0.0.1', '167772161']) {
    assert.throws(
      () => parsePrivateIpv4('address', text),
      failsWith('INVALID_FIELD', /^address /),
      text,
    );
  }
});

test('a mac of one station that no maker gave passes', () => {
  for (const text of ['02:00:ac:1e:00:02', '52:54:00:12:34:56', 'ae:00:00:00:00:00']) {
    assert.equal(parseMac('mac', text), text);
  }
});

test("groups, makers' addresses and other spellings are refused", () => {
  const groups = ['ff:ff:ff:ff:ff:ff', '03:00:00:00:00:01', '33:33:00:00:00:01'];
  const spellings = ['02:00:AC:1E:00:02', '02-00-ac-1e-00-02', '02:00:ac:1e:00', ''];
  for (const text of [...groups, '00:16:3e:00:00:01', ...spellings, '02:00:ac:1e:00:02 ']) {
    assert.throws(() => parseMac('mac', text), failsWith('INVALID_FIELD', /^mac /), text);
  }
});
