import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { formatGateway, isGuestAddress, parsePool } from './address-pool.ts';
import { contains, fromNumber, macOf, overlap, parseIpv4, parseSubnet, toNumber } from './ipv4.ts';

test('the host has the first address of a pool, guests have those between it and the broadcast address', () => {
  const pool = parsePool('10.8.0.0/29');
  assert.deepEqual(pool, {
    subnet: { address: '10.8.0.0', prefixLength: 29 },
    gateway: '10.8.0.1',
    first: '10.8.0.2',
    last: '10.8.0.6',
    total: 5,
  });
  assert.equal(formatGateway(pool), '10.8.0.1/29');
  const guests = Array.from({ length: 8 }, (_, at) => parseIpv4(`10.8.0.${at}`)).filter((address) =>
    isGuestAddress(pool, address),
  );
  assert.equal(guests.length, 5);
});

const REFUSED: readonly [text: string, why: RegExp][] = [
  ['172.30.0.0', /prefix of 16 to 30, not 32/],
  ['10.0.0.0/8', /prefix of 16 to 30, not 8/],
  ['172.30.0.0/31', /prefix of 16 to 30, not 31/],
  ['8.8.8.0/24', /lies in 10\.0\.0\.0\/8/],
  ['172.32.0.0/16', /lies in 10\.0\.0\.0\/8/],
  ['172.30.0.5/16', /bits beyond its prefix; write "172\.30\.0\.0\/16"/],
  ['172.30.0.0/016', /not an IPv4 network/],
  ['172.30.0/16', /not an IPv4 network/],
  ['172.030.0.0/16', /not an IPv4 network/],
  ['172.30.0.256/16', /not an IPv4 network/],
  ['::1/16', /not an IPv4 network/],
  ['', /not an IPv4 network/],
];

for (const [text, why] of REFUSED) {
  test(`"${text}" is no pool`, () => {
    assert.throws(() => parsePool(text), failsWith('INVALID_FIELD', why));
  });
}

test('addresses and numbers lead to each other, also at the ends', () => {
  for (const text of ['0.0.0.0', '10.0.0.1', '172.30.255.254', '255.255.255.255']) {
    assert.equal(fromNumber(toNumber(parseIpv4(text))), text);
  }
});

test('networks contain and overlap as their prefixes say', () => {
  const pool = parseSubnet('172.30.0.0/16');
  assert.ok(contains(pool, parseIpv4('172.30.255.255')));
  assert.ok(!contains(pool, parseIpv4('172.31.0.0')));
  assert.ok(overlap(pool, parseSubnet('172.16.0.0/12')));
  assert.ok(overlap(parseSubnet('172.30.9.0/24'), pool));
  assert.ok(!overlap(pool, parseSubnet('172.31.0.0/16')));
  assert.ok(overlap(pool, parseSubnet('0.0.0.0/0')));
});

test('a MAC is local, of one station, and carries its address', () => {
  assert.equal(macOf(parseIpv4('172.30.0.255')), '02:00:ac:1e:00:ff');
});
