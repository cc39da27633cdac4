import type { Call } from '#kit/call.ts';
import type { HostCheck } from '#kit/host-check.ts';
import type { Subnet } from '#kit/ipv4.ts';
import type { VmId } from '#kit/names.ts';
import type { AddressPool } from './address-pool.ts';
import type { Bridge } from './bridge.ts';
import type { DnsZone } from './dns-zone.ts';
import type { Changes, Lease, LeaseState, Wish } from './lease.ts';
import type { Leases } from './leases.ts';
import type { VmRules } from './rules.ts';
import type { TapPool } from './tap-pool.ts';

export type NetworkConfig = {
  readonly bridge: string;
  readonly pool: AddressPool;
  /** Ports of the forwarder that guests ask, on the bridge's address, and of the zone on loopback. */
  readonly guestDnsPort: number;
  readonly dnsPort: number;
  /** Whether the host's resolver is pointed at the zone "vm". */
  readonly routeResolver: boolean;
  /** The command that starts rootd here. */
  readonly rootdRemedy: string;
  /** Where the pool is configured. */
  readonly file: string;
};

/** Durable records, one per VM. Every function is one transaction. */
export type LeaseStore = {
  /** In the order in which they were acquired. */
  list(): Promise<Lease[]>;
  find(vm: VmId): Promise<Lease | undefined>;
  insert(wish: Wish & { mode: 'user' | 'none' }): Promise<Lease>;
  /** Chooses the address too: one that was never used, else the one whose release is longest ago. */
  insertBridge(wish: Wish & { mode: 'bridge' }, tapIndex: number): Promise<Lease>;
  setState(vm: VmId, state: LeaseState): Promise<void>;
  update(vm: VmId, changes: Changes): Promise<Lease>;
  delete(vm: VmId): Promise<void>;
};

export type KernelTap = {
  readonly index: number;
  /** Up and a port of the configured bridge. */
  readonly sound: boolean;
  /** Whether a process holds it. */
  readonly inUse: boolean;
};

export type KernelBridge = { readonly name: string; readonly subnet: Subnet | undefined };

/** Everything of banger's network that the kernel has. */
export type KernelState = {
  readonly bridges: readonly KernelBridge[];
  readonly taps: readonly KernelTap[];
  readonly rules: readonly VmRules[];
};

/** The privileged half of the work: rootd. Every function may be called twice with the effect of once. */
export type HostNetwork = {
  /** Whether there is anybody to ask; looks, and asks nothing. */
  isPresent(): boolean;
  read(call: Call): Promise<KernelState>;
  ensureBridge(call: Call): Promise<void>;
  clearBridge(call: Call): Promise<void>;
  /** Answers the indexes of those that exist afterwards. */
  createTaps(call: Call, indexes: readonly number[]): Promise<number[]>;
  /** Refused as a whole when a process holds one of them. */
  deleteTaps(call: Call, indexes: readonly number[]): Promise<void>;
  applyRules(call: Call, rules: VmRules): Promise<void>;
  clearRules(call: Call, vm: VmId): Promise<void>;
  /** Answers whether the host has a resolver that could be pointed at us. */
  routeResolver(call: Call, dnsPort: number): Promise<boolean>;
  unrouteResolver(call: Call): Promise<void>;
  checkHost(call: Call): Promise<HostCheck[]>;
};

/** A network that the host already has a way to. */
export type Route = {
  readonly subnet: Subnet;
  /** Empty for a route that leads nowhere, such as a blackhole. */
  readonly device: string;
  /** As a person would look it up, such as "172.30.0.0/24 dev docker0". */
  readonly text: string;
};

export type Routes = {
  list(call: Call): Promise<Route[]>;
  /** The device that packets to the internet leave by. */
  findUplink(call: Call): Promise<string | undefined>;
};

export type DnsState = {
  /** Where the host asks, such as "127.0.0.1:42069"; empty while it does not listen. */
  readonly address: string;
  readonly port: number;
  readonly questions: number;
  /** Why it does not listen where it should; empty when it does. */
  readonly problem: string;
};

export type Dns = {
  /** Listens for the host and for the guests of the bridge, where it does not yet. Failures are in the state. */
  start(): Promise<void>;
  stop(): Promise<void>;
  state(): DnsState;
  /** Whether the host's listener could have its port now. */
  isPortFree(): Promise<boolean>;
};

/** A call that netd makes for itself, with a deadline of its own. */
export type OwnCall = (what: string) => Call;

/** All that the verbs of netd work on. */
export type Netd = {
  readonly config: NetworkConfig;
  readonly store: LeaseStore;
  readonly host: HostNetwork;
  readonly routes: Routes;
  readonly dns: Dns;
  readonly ownCall: OwnCall;
  readonly leases: Leases;
  readonly taps: TapPool;
  readonly zone: DnsZone;
  readonly bridge: Bridge;
};
