import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { formatSubnet } from '#kit/ipv4.ts';
import { parseLocalSubnets, readLocalSubnets } from './local-subnets.ts';

const TABLES = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 192.0.2.0
        /24 link UNICAST
Local:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.2
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
`;

test('what the host takes for itself is read from its routing tables, and no more', () => {
  assert.deepEqual(parseLocalSubnets(TABLES).map(formatSubnet), [
    ...['127.0.0.0/8', '127.0.0.1/32', '127.255.255.255/32', '192.0.2.2/32', '192.0.2.255/32'],
  ]);
});

test('every address that this host has is among them', () => {
  const found = readLocalSubnets().map(formatSubnet);
  const devices = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  for (const { address } of devices.filter(({ family }) => family === 'IPv4')) {
    assert.ok(found.includes(`${address}/32`), `${address} in ${found.join(' ')}`);
  }
});
