import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIpv4 } from '#kit/ipv4.ts';
import { guestLease } from '../testing/guests.ts';
import { vmId } from '../testing/netd-lab.ts';
import { parsePool } from './address-pool.ts';
import { type Asker, type DnsAnswer, findAnswer, RECORD_TYPE } from './dns-answer.ts';
import { DnsZone } from './dns-zone.ts';

const POOL = parsePool('172.30.0.0/16');

function zoneWith(...leases: Parameters<DnsZone['add']>[0][]): DnsZone {
  const zone = new DnsZone();
  for (const lease of leases) zone.add(lease);
  return zone;
}

type Asking = { zone?: DnsZone; pool?: string; asker?: Asker };

function ask(name: string, type: keyof typeof RECORD_TYPE, asking: Asking = {}) {
  const { zone = zoneWith(guestLease(2, 'web')), pool, asker = 'host' } = asking;
  const question = { name: name.split('.'), type: RECORD_TYPE[type] };
  return findAnswer(zone, pool === undefined ? POOL : parsePool(pool), question, asker);
}

/** "NOERROR A 172.30.0.2", "NXDOMAIN / SOA vm", or "not ours". */
function say(answer: DnsAnswer | undefined): string {
  if (answer === undefined) return 'not ours';
  const values = answer.answers.map((record) => {
    if (record.type === 'A') return `A ${record.address}`;
    return record.type === 'SOA' ? 'SOA' : `${record.type} ${record.target.join('.')}`;
  });
  const authority = answer.authority.map(({ type, name }) => `${type} ${name.join('.')}`);
  const parts = [answer.rcode, ...values, ...authority.map((text) => `/ ${text}`)];
  return parts.join(' ');
}

const TABLE: Readonly<Record<string, readonly [string, keyof typeof RECORD_TYPE, string]>> = {
  'a live VM has an address': ['web.vm', 'A', 'NOERROR A 172.30.0.2'],
  'upper case is the same name': ['WEB.VM', 'A', 'NOERROR A 172.30.0.2'],
  'everything is answered with the address': ['web.vm', 'ANY', 'NOERROR A 172.30.0.2'],
  'there is no IPv6 address, which is not an error': ['web.vm', 'AAAA', 'NOERROR / SOA vm'],
  'an unknown name does not exist': ['mail.vm', 'A', 'NXDOMAIN / SOA vm'],
  'a name below a VM does not exist': ['www.web.vm', 'A', 'NXDOMAIN / SOA vm'],
  'the zone has a start': ['vm', 'SOA', 'NOERROR SOA'],
  'the zone has a server': ['vm', 'NS', 'NOERROR NS localhost'],
  'the zone itself has no address': ['vm', 'A', 'NOERROR / SOA vm'],
  'an address leads back to the name': ['2.0.30.172.in-addr.arpa', 'PTR', 'NOERROR PTR web.vm'],
  'an address that nobody has does not exist': [
    '3.0.30.172.in-addr.arpa',
    'PTR',
    'NXDOMAIN / SOA 30.172.in-addr.arpa',
  ],
  'an address has no address': [
    '2.0.30.172.in-addr.arpa',
    'A',
    'NOERROR / SOA 30.172.in-addr.arpa',
  ],
  'a name between is empty': ['0.30.172.in-addr.arpa', 'PTR', 'NOERROR / SOA 30.172.in-addr.arpa'],
  'the reverse zone has a start': ['30.172.in-addr.arpa', 'SOA', 'NOERROR SOA'],
  'what is above it is not ours': ['172.in-addr.arpa', 'SOA', 'not ours'],
  'what is beside it is not ours': ['2.0.31.172.in-addr.arpa', 'PTR', 'not ours'],
  'five octets are no address': [
    '1.2.0.30.172.in-addr.arpa',
    'PTR',
    'NXDOMAIN / SOA 30.172.in-addr.arpa',
  ],
  'words are no octets': ['a.0.30.172.in-addr.arpa', 'PTR', 'not ours'],
  'other names are not ours': ['example.org', 'A', 'not ours'],
  'a name that only ends like the zone is not ours': ['web.notvm', 'A', 'not ours'],
};

for (const [title, [name, type, expected]] of Object.entries(TABLE)) {
  test(`${title}: ${name} ${type}`, () => assert.equal(say(ask(name, type)), expected));
}

test('a VM that is gone has no name and no address, and the serial says that something changed', () => {
  const zone = zoneWith(guestLease(2, 'web'));
  const before = zone.serial;
  zone.remove(vmId(2));
  assert.ok(zone.serial > before);
  assert.equal(say(ask('web.vm', 'A', { zone })), 'NXDOMAIN / SOA vm');
  assert.match(say(ask('2.0.30.172.in-addr.arpa', 'PTR', { zone })), /^NXDOMAIN/);
  assert.equal(zone.size, 0);
});

test('a renamed VM has its new name only', () => {
  const zone = zoneWith(guestLease(2, 'web'), guestLease(2, 'shop'));
  assert.equal(say(ask('web.vm', 'A', { zone })), 'NXDOMAIN / SOA vm');
  assert.equal(say(ask('shop.vm', 'A', { zone })), 'NOERROR A 172.30.0.2');
});

test('of two VMs with one name the latest has it, and the end of the other takes nothing from it', () => {
  const zone = zoneWith(guestLease(2, 'web'), guestLease(3, 'web'));
  zone.remove(vmId(2));
  assert.equal(say(ask('web.vm', 'A', { zone })), 'NOERROR A 172.30.0.3');
});

test('a guest sees itself, and others only where both may reach each other', () => {
  const zone = zoneWith(
    guestLease(2, 'alone'),
    guestLease(3, 'open', { peers: true }),
    guestLease(4, 'free', { peers: true }),
  );
  const seenBy = (address: string) => {
    const asker = zone.findByAddress(address);
    assert.ok(asker !== undefined);
    return ['alone', 'open', 'free'].filter(
      (name) => ask(`${name}.vm`, 'A', { zone, asker })?.rcode === 'NOERROR',
    );
  };
  assert.deepEqual(seenBy('172.30.0.2'), ['alone']);
  assert.deepEqual(seenBy('172.30.0.3'), ['open', 'free']);
  const alone = zone.findByAddress('172.30.0.2');
  assert.ok(alone !== undefined);
  assert.match(say(ask('3.0.30.172.in-addr.arpa', 'PTR', { zone, asker: alone })), /^NXDOMAIN/);
});

test('a pool that ends within an octet answers for its own addresses only', () => {
  const zone = zoneWith(guestLease(2, 'web', { address: parseIpv4('172.30.18.2') }));
  const small = { zone, pool: '172.30.16.0/20' };
  assert.equal(say(ask('2.18.30.172.in-addr.arpa', 'PTR', small)), 'NOERROR PTR web.vm');
  assert.equal(say(ask('18.30.172.in-addr.arpa', 'SOA', small)), 'NOERROR SOA');
  assert.equal(say(ask('2.40.30.172.in-addr.arpa', 'PTR', small)), 'not ours');
  const tiny = { zone: new DnsZone(), pool: '172.30.5.64/26' };
  assert.match(say(ask('70.5.30.172.in-addr.arpa', 'PTR', tiny)), /^NXDOMAIN/);
  assert.equal(say(ask('7.5.30.172.in-addr.arpa', 'PTR', tiny)), 'not ours');
});
