import { BangerError } from '#kit/errors.ts';
import {
  formatSubnet,
  fromNumber,
  type Ipv4,
  isPrivate,
  networkOf,
  parseSubnet,
  type Subnet,
  toNumber,
} from '#kit/ipv4.ts';

/** The network of the bridge: its first address is the host's, the rest are guests'. */
export type AddressPool = {
  readonly subnet: Subnet;
  readonly gateway: Ipv4;
  readonly first: Ipv4;
  readonly last: Ipv4;
  /** How many guests it has room for. */
  readonly total: number;
};

/** What rootd accepts for a bridge. */
const PREFIX = { min: 16, max: 30 };

export function parsePool(text: string): AddressPool {
  const subnet = parseSubnet(text);
  const { address, prefixLength } = subnet;
  if (prefixLength < PREFIX.min || prefixLength > PREFIX.max) {
    throw refusal(`a pool has a prefix of ${PREFIX.min} to ${PREFIX.max}, not ${prefixLength}`);
  }
  if (!isPrivate(address)) {
    throw refusal('a pool lies in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16');
  }
  const network = networkOf(subnet);
  if (network !== address) {
    throw refusal(`"${text}" has bits beyond its prefix; write "${network}/${prefixLength}"`);
  }
  return poolOf(subnet);
}

function poolOf(subnet: Subnet): AddressPool {
  const network = toNumber(subnet.address);
  // The first address names the network, the last one is its broadcast address.
  const broadcast = network + 2 ** (32 - subnet.prefixLength) - 1;
  return {
    subnet,
    gateway: fromNumber(network + 1),
    first: fromNumber(network + 2),
    last: fromNumber(broadcast - 1),
    total: broadcast - network - 2,
  };
}

/** Whether the address is one that the pool gives to guests. */
export function isGuestAddress(pool: AddressPool, address: Ipv4): boolean {
  const number = toNumber(address);
  return number >= toNumber(pool.first) && number <= toNumber(pool.last);
}

/** The host's address on the bridge, such as "172.30.0.1/16". */
export function formatGateway({ gateway, subnet }: AddressPool): string {
  return formatSubnet({ address: gateway, prefixLength: subnet.prefixLength });
}

function refusal(why: string): BangerError {
  return new BangerError('INVALID_FIELD', why);
}
