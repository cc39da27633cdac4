import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { hostUpstreams, parseResolvConf, parseUpstream } from './upstream.ts';

const GOOD: readonly [text: string, address: string, port: number][] = [
  ['9.9.9.9', '9.9.9.9', 53],
  ['9.9.9.9:5353', '9.9.9.9', 5353],
  ['2620:fe::fe', '2620:fe::fe', 53],
  ['[2620:fe::fe]', '2620:fe::fe', 53],
  ['[2620:fe::fe]:5353', '2620:fe::fe', 5353],
];

for (const [text, address, port] of GOOD) {
  test(`"${text}" is a DNS server`, () => assert.deepEqual(parseUpstream(text), { address, port }));
}

for (const text of [
  '',
  'dns.example.org',
  '9.9.9.9:0',
  '9.9.9.9:65536',
  '9.9.9',
  '9.9.9.9:x',
  '[::1',
]) {
  test(`"${text}" is no DNS server`, () => {
    assert.throws(
      () => parseUpstream(text),
      failsWith('INVALID_FIELD', /is not the address of a DNS/),
    );
  });
}

test('of resolv.conf the first three servers count', () => {
  const text = [
    '# nameserver 1.1.1.1',
    'search example.org',
    'nameserver 10.0.0.1',
    '  nameserver\t10.0.0.2  ',
    'nameserver words',
    'nameserver fe80::1%eth0',
    'nameserver 10.0.0.3',
  ].join('\n');
  assert.deepEqual(
    parseResolvConf(text).map(({ address }) => address),
    ['10.0.0.1', '10.0.0.2', 'fe80::1%eth0'],
  );
});

test('the first file that names a server is used, and read again after a while', (t) => {
  const folder = temporaryFolder(t);
  const files = ['none', 'empty', 'full'].map((name) => join(folder, name));
  writeFileSync(files[1] ?? '', 'search example.org\n');
  writeFileSync(files[2] ?? '', 'nameserver 10.0.0.1\n');
  const clock = { nowMs: 0 };
  const upstreams = hostUpstreams(() => clock.nowMs, files);
  assert.equal(upstreams()[0]?.address, '10.0.0.1');
  writeFileSync(files[1] ?? '', 'nameserver 10.0.0.2\n');
  assert.equal(upstreams()[0]?.address, '10.0.0.1');
  clock.nowMs = 11_000;
  assert.equal(upstreams()[0]?.address, '10.0.0.2');
});

test('a host without any server has none', (t) => {
  assert.deepEqual(hostUpstreams(() => 0, [join(temporaryFolder(t), 'none')])(), []);
});
