import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { INSTALLED } from '#kit/paths.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { parseUpstream } from './adapters/upstream.ts';
import { readNetdConfig } from './config.ts';
import { parsePool } from './domain/address-pool.ts';

function readText(t: TestContext, text: string) {
  const config = join(temporaryFolder(t), 'config.toml');
  writeFileSync(config, text);
  return readNetdConfig({ ...INSTALLED, config }, { pool: parsePool, upstream: parseUpstream });
}

test('without a file there are defaults that work', (t) => {
  const config = readText(t, '');
  assert.deepEqual(
    [config.bridge, config.pool.gateway, config.warmTaps, config.dnsPort, config.guestDnsPort],
    ['br-banger', '172.30.0.1', 32, 42_069, 42_069],
  );
  assert.deepEqual([config.upstream, config.routeResolver], [[], true]);
});

test('every setting reaches its place', (t) => {
  const config = readText(
    t,
    `[netd]
bridge = "br-banger-two"
pool = "10.9.0.0/24"
tap_pool = 0
dns_port = 0
guest_dns_port = 5300
upstream = ["9.9.9.9", "[2620:fe::fe]:53"]
route_resolver = false`,
  );
  assert.deepEqual(
    [config.bridge, config.pool.total, config.warmTaps, config.dnsPort, config.guestDnsPort],
    ['br-banger-two', 253, 0, 0, 5300],
  );
  assert.deepEqual([config.upstream.length, config.routeResolver], [2, false]);
});

const WRONG: readonly [line: string, why: RegExp][] = [
  ['pool = "8.8.8.0/24"', /config\.toml:2: "netd\.pool": a pool lies in /],
  ['bridge = "docker0"', /config\.toml:2: "netd\.bridge": "br-banger", or /],
  ['bridge = "br-banger-toolong"', /"netd\.bridge"/],
  ['tap_pool = 1000', /"netd\.tap_pool": a whole number from 0 to 256/],
  ['upstream = ["dns.example.org"]', /"netd\.upstream": "dns\.example\.org" is not the address/],
  ['pol = "10.9.0.0/24"', /no setting is called "netd\.pol"; did you mean "pool"\?/],
];

for (const [line, why] of WRONG) {
  test(`refused with its line: ${line}`, (t) => {
    assert.throws(() => readText(t, `[netd]\n${line}`), failsWith('INVALID_FIELD', why));
  });
}
