import { contains, type Ipv4, isIpv4, overlap } from '#kit/ipv4.ts';
import type { AddressPool } from './address-pool.ts';
import type { DnsZone, Guest } from './dns-zone.ts';

/** A name as its labels, the most special one first: ["web", "vm"]. */
export type DnsName = readonly string[];

/** Numbers of RFC 1035 section 3.2.2 and RFC 3596. */
export const RECORD_TYPE = { A: 1, NS: 2, SOA: 6, PTR: 12, AAAA: 28, ANY: 255 } as const;

export type DnsQuestion = { readonly name: DnsName; readonly type: number };

export type DnsRecord =
  | { readonly type: 'A'; readonly name: DnsName; readonly address: Ipv4 }
  | { readonly type: 'PTR' | 'NS'; readonly name: DnsName; readonly target: DnsName }
  | { readonly type: 'SOA'; readonly name: DnsName; readonly serial: number };

export type DnsAnswer = {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
};

/** Who asks: a guest sees itself, and others only where both may reach each other. The host sees all. */
export type Asker = Guest | 'host';

const ZONE: DnsName = ['vm'];
const REVERSE: DnsName = ['in-addr', 'arpa'];
/** Everybody can resolve it, and no VM can have it as a name in our zone. */
const SERVER: DnsName = ['localhost'];

/** The answer of the zone "vm" or of the pool's reverse zone; absent for a name that is not ours. */
export function findAnswer(
  zone: DnsZone,
  pool: AddressPool,
  question: DnsQuestion,
  asker: Asker,
): DnsAnswer | undefined {
  const name = question.name.map((label) => label.toLowerCase());
  if (name.at(-1) === 'vm') return answerForward(zone, { ...question, name }, asker);
  if (name.at(-1) === 'arpa' && name.at(-2) === 'in-addr') {
    return answerReverse({ zone, pool, asker }, { ...question, name });
  }
  return undefined;
}

function answerForward(zone: DnsZone, question: DnsQuestion, asker: Asker): DnsAnswer {
  const [label = '', ...rest] = question.name;
  if (rest.length === 0) return answerApex(ZONE, question, zone.serial);
  const guest = rest.length === 1 ? zone.findByName(label) : undefined;
  if (guest === undefined || !sees(asker, guest)) return missing(ZONE, zone.serial);
  if (!wants(question, 'A')) return empty(ZONE, zone.serial);
  return found([{ type: 'A', name: question.name, address: guest.address }]);
}

type ReverseLookup = { zone: DnsZone; pool: AddressPool; asker: Asker };

/** Names above the pool's zone belong to others; between the zone and an address there are only empty names. */
function answerReverse(
  { zone, pool, asker }: ReverseLookup,
  question: DnsQuestion,
): DnsAnswer | undefined {
  const apex = reverseZoneOf(pool, question.name);
  if (apex === undefined) return undefined;
  const octets = question.name.slice(0, -REVERSE.length);
  if (question.name.length === apex.length) return answerApex(apex, question, zone.serial);
  if (octets.length < 4) return empty(apex, zone.serial);
  const guest = octets.length > 4 ? undefined : zone.findByAddress(octets.toReversed().join('.'));
  if (guest === undefined || !sees(asker, guest)) return missing(apex, zone.serial);
  if (!wants(question, 'PTR')) return empty(apex, zone.serial);
  return found([{ type: 'PTR', name: question.name, target: [guest.name, ...ZONE] }]);
}

/**
 * The reverse zone that a name lies in. Zones end at whole octets, so a pool of /20 lies in sixteen zones of /24;
 * of a zone that is larger than its pool, only the pool's addresses are ours.
 */
function reverseZoneOf(pool: AddressPool, name: DnsName): DnsName | undefined {
  const octets = name.slice(0, -REVERSE.length).toReversed();
  const zoneOctets = Math.min(3, Math.ceil(pool.subnet.prefixLength / 8));
  const address = [...octets, '0', '0', '0', '0'].slice(0, 4).join('.');
  if (octets.length < zoneOctets || !isIpv4(address)) return undefined;
  if (!overlap(pool.subnet, { address, prefixLength: zoneOctets * 8 })) return undefined;
  if (octets.length >= 4 && !contains(pool.subnet, address)) return undefined;
  return [...octets.slice(0, zoneOctets).toReversed(), ...REVERSE];
}

function answerApex(zone: DnsName, question: DnsQuestion, serial: number): DnsAnswer {
  const soa = { type: 'SOA', name: question.name, serial } as const;
  const ns = { type: 'NS', name: question.name, target: SERVER } as const;
  if (question.type === RECORD_TYPE.NS) return found([ns]);
  return wants(question, 'SOA') ? found([soa]) : empty(zone, serial);
}

/** RFC 8482: a question for everything may be answered with one kind. */
function wants({ type }: DnsQuestion, kind: 'A' | 'PTR' | 'SOA'): boolean {
  return type === RECORD_TYPE[kind] || type === RECORD_TYPE.ANY;
}

function sees(asker: Asker, guest: Guest): boolean {
  return asker === 'host' || asker.vm === guest.vm || (asker.peers && guest.peers);
}

function found(answers: readonly DnsRecord[]): DnsAnswer {
  return { rcode: 'NOERROR', answers, authority: [] };
}

/** RFC 2308: the SOA tells a resolver how long to remember that there is nothing. */
function empty(zone: DnsName, serial: number): DnsAnswer {
  return { rcode: 'NOERROR', answers: [], authority: [{ type: 'SOA', name: zone, serial }] };
}

function missing(zone: DnsName, serial: number): DnsAnswer {
  return { ...empty(zone, serial), rcode: 'NXDOMAIN' };
}
