import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  contains,
  fromNumber,
  isHostAddress,
  isMac,
  isPrivate,
  macOf,
  networkOf,
  overlap,
  parseIpv4,
  parseSubnet,
  toNumber,
} from './ipv4.ts';
import { failsWith } from './testing/fails-with.ts';

test('an address is four numbers as one writes them', () => {
  assert.equal(parseIpv4('172.30.0.255'), '172.30.0.255');
  for (const text of ['', '10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.1/8', '0xa.0.0.1', '::1']) {
    assert.throws(() => parseIpv4(text), failsWith('INVALID_FIELD', /not an IPv4 address/), text);
  }
});

test('a network is an address and a prefix, and an address alone a network of one', () => {
  assert.deepEqual(parseSubnet('10.8.0.1/16'), { address: '10.8.0.1', prefixLength: 16 });
  assert.equal(parseSubnet('10.8.0.1').prefixLength, 32);
  for (const text of ['10.0.0.0/33', '10.0.0.0/016', '10.0.0/8', '10.0.0.0/-1', '::1/16']) {
    assert.throws(() => parseSubnet(text), failsWith('INVALID_FIELD', /not an IPv4 network/), text);
  }
});

test('addresses and numbers lead to each other, also at the ends', () => {
  for (const text of ['0.0.0.0', '10.0.0.1', '172.30.255.254', '255.255.255.255']) {
    assert.equal(fromNumber(toNumber(parseIpv4(text))), text);
  }
});

test('a network contains what shares its leading bits', () => {
  const inside = (text: string, address: string) => contains(parseSubnet(text), parseIpv4(address));
  assert.ok(inside('172.30.0.1/16', '172.30.255.255'));
  assert.ok(!inside('172.30.0.1/16', '172.31.0.0'));
  assert.ok(inside('192.168.1.129/30', '192.168.1.130'));
  assert.ok(!inside('192.168.1.129/30', '192.168.1.132'));
  assert.ok(inside('0.0.0.0/0', '255.255.255.255'));
  assert.equal(networkOf(parseSubnet('172.30.9.1/16')), '172.30.0.0');
});

test('two networks overlap when one is within the other, whichever', () => {
  for (const [a, b, expected] of [
    ['10.0.0.0/8', '10.77.0.1/24', true],
    ['10.77.0.1/24', '10.0.0.0/8', true],
    ['10.77.0.1/24', '10.77.0.200/32', true],
    ['10.77.0.1/24', '10.77.1.1/24', false],
    ['172.30.0.1/16', '172.16.0.0/12', true],
    ['172.30.0.0/16', '0.0.0.0/0', true],
  ] as const) {
    assert.equal(overlap(parseSubnet(a), parseSubnet(b)), expected, `${a} ${b}`);
  }
});

test('the networks of RFC 1918 are private, and their neighbours are not', () => {
  const inside = ['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.9.9', '192.168.0.1'];
  const outside = ['172.32.0.1', '172.15.0.1', '11.0.0.1', '192.169.0.1', '127.0.0.1', '8.8.8.8'];
  for (const text of inside) assert.ok(isPrivate(parseIpv4(text)), text);
  for (const text of outside) assert.ok(!isPrivate(parseIpv4(text)), text);
});

test("a network's own address and its broadcast address are no host's", () => {
  const isHost = (text: string) => isHostAddress(parseSubnet(text));
  assert.deepEqual(
    ['172.30.0.0/24', '172.30.0.1/24', '172.30.0.254/24', '172.30.0.255/24'].map(isHost),
    [false, true, true, false],
  );
  assert.deepEqual(['10.0.0.4/30', '10.0.0.5/30', '10.0.0.7/30'].map(isHost), [false, true, false]);
});

test('a MAC is local, of one station, and carries its address', () => {
  const mac = macOf(parseIpv4('172.30.0.255'));
  assert.equal(mac, '02:00:ac:1e:00:ff');
  assert.ok(isMac(mac));
  for (const text of ['', '02:00:AC:1E:00:FF', '02-00-ac-1e-00-ff', '02:00:ac:1e:00']) {
    assert.ok(!isMac(text), text);
  }
});
