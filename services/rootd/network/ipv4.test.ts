import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import {
  contains,
  type Ipv4,
  isHostAddress,
  macOf,
  overlap,
  parseMac,
  parsePrivateIpv4,
  type Subnet,
} from './ipv4.ts';

const subnet = (text: string): Subnet => {
  const [address = '', prefix] = text.split('/');
  return { address: address as Ipv4, prefixLength: Number(prefix) };
};

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

test('a subnet contains what shares its leading bits', () => {
  const inside = (text: string, address: string) => contains(subnet(text), address as Ipv4);
  assert.ok(inside('172.30.0.1/16', '172.30.255.255'));
  assert.ok(!inside('172.30.0.1/16', '172.31.0.0'));
  assert.ok(inside('192.168.1.129/30', '192.168.1.130'));
  assert.ok(!inside('192.168.1.129/30', '192.168.1.132'));
  assert.ok(inside('0.0.0.0/0', '255.255.255.255'));
});

test('two subnets overlap when one is within the other, whichever', () => {
  for (const [a, b, expected] of [
    ['10.0.0.0/8', '10.77.0.1/24', true],
    ['10.77.0.1/24', '10.0.0.0/8', true],
    ['10.77.0.1/24', '10.77.0.200/32', true],
    ['10.77.0.1/24', '10.77.1.1/24', false],
    ['172.30.0.1/16', '172.16.0.0/12', true],
  ] as const) {
    assert.equal(overlap(subnet(a), subnet(b)), expected, `${a} ${b}`);
  }
});

test("a network's own address and its broadcast address are no host's", () => {
  const isHost = (text: string) => isHostAddress(subnet(text));
  assert.deepEqual(
    ['172.30.0.0/24', '172.30.0.1/24', '172.30.0.254/24', '172.30.0.255/24'].map(isHost),
    [false, true, true, false],
  );
  assert.deepEqual(['10.0.0.4/30', '10.0.0.5/30', '10.0.0.7/30'].map(isHost), [false, true, false]);
});

test("a bridge's mac follows from its address", () => {
  assert.equal(macOf('172.30.0.1' as Ipv4), '02:00:ac:1e:00:01');
});
