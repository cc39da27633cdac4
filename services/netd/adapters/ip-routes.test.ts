import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { ipRoutes, parseRoutes } from './ip-routes.ts';

/** As iproute2 6.1 prints them. */
const OUTPUT = `[
  {"dst":"default","gateway":"192.0.2.1","dev":"wlan0","metric":600,"flags":[]},
  {"dst":"default","gateway":"198.51.100.1","dev":"eth0","metric":100,"flags":[]},
  {"dst":"default","dev":"wg0","table":"51820","flags":[]},
  {"dst":"172.17.0.0/16","dev":"docker0","protocol":"kernel","scope":"link","flags":["linkdown"]},
  {"type":"blackhole","dst":"10.9.0.0/16","flags":[]},
  {"type":"local","dst":"127.0.0.1","dev":"lo","table":"local","flags":[]},
  {"dst":"10.1.0.0/16","flags":[],"nexthops":[{"gateway":"192.0.2.7","dev":"eth1","weight":1}]}
]`;

test('routes of all tables are read as a person would look them up', () => {
  assert.deepEqual(
    parseRoutes(OUTPUT).routes.map(({ text }) => text),
    [
      '172.17.0.0/16 dev docker0',
      'blackhole 10.9.0.0/16',
      'local 127.0.0.1 dev lo table local',
      '10.1.0.0/16 dev eth1',
    ],
  );
});

test('the uplink is the default route of the main table with the lowest metric', () => {
  assert.equal(parseRoutes(OUTPUT).uplink, 'eth0');
  assert.equal(parseRoutes('').uplink, undefined);
});

test('the routes of this host can be read', async () => {
  const routes = await ipRoutes().list(callOf());
  assert.ok(routes.some(({ device }) => device === 'lo'));
});
