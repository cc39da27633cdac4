import { BangerError } from '#kit/errors.ts';
import { type Ipv4, macOf } from '#kit/ipv4.ts';
import type { VmId, VmName } from '#kit/names.ts';
import type { AddressPool } from './address-pool.ts';

export const NETWORK_MODES = ['bridge', 'user', 'none'] as const;
export type NetworkMode = (typeof NETWORK_MODES)[number];

/**
 * The intention comes before the effect: a lease is "attached" before its rules are in the kernel and "detaching"
 * until they are gone, so that whoever finds the record after a crash knows what to finish.
 */
export const LEASE_STATES = ['detached', 'attached', 'detaching'] as const;
export type LeaseState = (typeof LEASE_STATES)[number];

type Terms = {
  readonly vm: VmId;
  readonly name: VmName;
  /** Whether packets to the outside are translated and let through. */
  readonly nat: boolean;
  /** Whether other guests may be reached. */
  readonly peers: boolean;
  readonly state: LeaseState;
};

export type BridgeLease = Terms & {
  readonly mode: 'bridge';
  readonly address: Ipv4;
  readonly tapIndex: number;
};
/** Without a device on the host. */
export type PlainLease = (Terms & { readonly mode: 'user' }) | (Terms & { readonly mode: 'none' });
export type Lease = BridgeLease | PlainLease;

/** What a caller asks for. */
export type Wish = Pick<Terms, 'vm' | 'name' | 'nat' | 'peers'> & { readonly mode: NetworkMode };

export type Changes = { name?: VmName; nat?: boolean; peers?: boolean };

/** What the guest and its VMM must be told. Texts are empty where there is nothing to tell. */
export type Wiring = {
  address: string;
  prefixLength: number;
  gateway: string;
  resolver: string;
  mac: string;
  tap: string;
};

const NO_WIRING: Wiring = {
  address: '',
  prefixLength: 0,
  gateway: '',
  resolver: '',
  mac: '',
  tap: '',
};

/** QEMU's user network, by its documentation. Every guest has a network of its own, so all may be alike. */
const USER_ADDRESS = '10.0.2.15' as Ipv4;
const USER_WIRING: Wiring = {
  address: USER_ADDRESS,
  prefixLength: 24,
  gateway: '10.0.2.2',
  resolver: '10.0.2.3',
  mac: macOf(USER_ADDRESS),
  tap: '',
};

export function wiringOf(lease: Lease, pool: AddressPool): Wiring {
  if (lease.mode === 'none') return NO_WIRING;
  if (lease.mode === 'user') return USER_WIRING;
  return {
    address: lease.address,
    prefixLength: pool.subnet.prefixLength,
    gateway: pool.gateway,
    // What a guest sends to port 53 of the gateway arrives at our forwarder.
    resolver: pool.gateway,
    mac: macOf(lease.address),
    tap: tapName(lease.tapIndex),
  };
}

/** The name that rootd gives to the tap with this index. */
export function tapName(index: number): string {
  return `bgtap-${index}`;
}

export function isBridgeLease(lease: Lease): lease is BridgeLease {
  return lease.mode === 'bridge';
}

/** Refused before it is recorded, rather than granted and never true. */
export function refuseImpossible({ mode, nat, peers }: Pick<Wish, 'mode' | 'nat' | 'peers'>): void {
  if (mode === 'user' && peers) {
    throw unsupported('guests of network mode "user" cannot reach each other; use mode "bridge"');
  }
  if (mode === 'none' && (nat || peers)) {
    throw unsupported('a vm of network mode "none" has no network; use mode "user" or "bridge"');
  }
}

function unsupported(message: string): BangerError {
  return new BangerError('FEATURE_UNSUPPORTED', message);
}
