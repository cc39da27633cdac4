import type { Branded } from '#kit/names.ts';
import { invalidField } from '../host/fields.ts';

/** In dotted form without leading zeros. */
export type Ipv4 = Branded<'Ipv4'>;
/** In lower case with colons. */
export type Mac = Branded<'Mac'>;
/** An address and how many of its leading bits name the network. */
export type Subnet = { readonly address: Ipv4; readonly prefixLength: number };

const OCTET = '(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])';
const IPV4 = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);

/** RFC 1918: the only networks that guests may have, because nobody else's traffic can be for them. */
const PRIVATE: readonly Subnet[] = [
  { address: '10.0.0.0' as Ipv4, prefixLength: 8 },
  { address: '172.16.0.0' as Ipv4, prefixLength: 12 },
  { address: '192.168.0.0' as Ipv4, prefixLength: 16 },
];

export function isIpv4(text: string): text is Ipv4 {
  return IPV4.test(text);
}

export function parsePrivateIpv4(field: string, text: string): Ipv4 {
  if (isIpv4(text) && PRIVATE.some((subnet) => contains(subnet, text))) return text;
  throw invalidField(field, text, 'an IPv4 address of 10/8, 172.16/12 or 192.168/16');
}

/** Locally administered and of one station: no maker's address, and no group's. */
export function parseMac(field: string, text: string): Mac {
  if (/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/.test(text)) return text as Mac;
  throw invalidField(field, text, 'a locally administered MAC address such as 02:00:ac:1e:00:02');
}

export function isMac(text: string): text is Mac {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(text);
}

export function contains(subnet: Subnet, address: Ipv4): boolean {
  return networkOf(subnet.address, subnet.prefixLength) === networkOf(address, subnet.prefixLength);
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.prefixLength < b.prefixLength ? contains(a, b.address) : contains(b, a.address);
}

/** Whether the address can be a host's: not the network's own and not its broadcast address. */
export function isHostAddress({ address, prefixLength }: Subnet): boolean {
  const hostMask = 2 ** (32 - prefixLength) - 1;
  const host = toNumber(address) % (hostMask + 1);
  return host !== 0 && host !== hostMask;
}

/** A MAC that follows from the address, so that it is stable and nobody else's on this bridge. */
export function macOf(address: Ipv4): Mac {
  const hex = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return `02:00:${hex.join(':')}` as Mac;
}

function networkOf(address: Ipv4, prefixLength: number): number {
  return Math.floor(toNumber(address) / 2 ** (32 - prefixLength));
}

function toNumber(address: Ipv4): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}
