import { BangerError } from './errors.ts';
import { type Branded, printableName } from './names.ts';

/** In dotted form, without leading zeros. */
export type Ipv4 = Branded<'Ipv4'>;
/** In lower case with colons. */
export type Mac = Branded<'Mac'>;
/** An address and how many of its leading bits name the network. */
export type Subnet = { readonly address: Ipv4; readonly prefixLength: number };

const OCTET = '(?:0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** RFC 1918. Elsewhere a guest's address could be that of somebody on the internet. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(parseSubnet);

export function isIpv4(text: string): text is Ipv4 {
  return IPV4.test(text);
}

export function parseIpv4(text: string): Ipv4 {
  if (isIpv4(text)) return text;
  throw new BangerError('INVALID_FIELD', `"${printableName(text)}" is not an IPv4 address`);
}

/** "172.30.0.0/16"; a bare address is a network of one. */
export function parseSubnet(text: string): Subnet {
  const [, address = '', length = '32'] = /^([0-9.]+)(?:\/([0-9]{1,2}))?$/.exec(text) ?? [];
  if (isIpv4(address) && Number(length) <= 32) return { address, prefixLength: Number(length) };
  throw new BangerError('INVALID_FIELD', `"${printableName(text)}" is not an IPv4 network`);
}

/** Whether the address is of a network that anybody may use and nobody routes. */
export function isPrivate(address: Ipv4): boolean {
  return PRIVATE.some((network) => contains(network, address));
}

/** Whether the address can be a host's: not the network's own and not its broadcast address. */
export function isHostAddress({ address, prefixLength }: Subnet): boolean {
  const size = 2 ** (32 - prefixLength);
  const host = toNumber(address) % size;
  return host !== 0 && host !== size - 1;
}

export function formatSubnet({ address, prefixLength }: Subnet): string {
  return `${address}/${prefixLength}`;
}

export function toNumber(address: Ipv4): number {
  return octetsOf(address).reduce((number, octet) => number * 256 + octet, 0);
}

export function fromNumber(number: number): Ipv4 {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.') as Ipv4;
}

export function octetsOf(address: Ipv4): number[] {
  return address.split('.').map(Number);
}

/** The lowest address of the network, which names it. */
export function networkOf({ address, prefixLength }: Subnet): Ipv4 {
  const size = 2 ** (32 - prefixLength);
  return fromNumber(Math.floor(toNumber(address) / size) * size);
}

export function contains(subnet: Subnet, address: Ipv4): boolean {
  return networkOf(subnet) === networkOf({ address, prefixLength: subnet.prefixLength });
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.prefixLength < b.prefixLength ? contains(a, b.address) : contains(b, a.address);
}

export function isMac(text: string): text is Mac {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(text);
}

/**
 * A MAC that follows from the address: stable, and unique on a bridge as addresses are. The first octet says
 * "locally administered, one station", so it is nobody's product.
 */
export function macOf(address: Ipv4): Mac {
  const hex = octetsOf(address).map((octet) => octet.toString(16).padStart(2, '0'));
  return `02:00:${hex.join(':')}` as Mac;
}
