import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIpv4 } from '#kit/ipv4.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { formatGateway, isGuestAddress, parsePool } from './address-pool.ts';

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
