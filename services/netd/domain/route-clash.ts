import { BangerError } from '#kit/errors.ts';
import { formatSubnet, overlap } from '#kit/ipv4.ts';
import { type AddressPool, formatGateway, isGuestAddress } from './address-pool.ts';
import type { BridgeLease } from './lease.ts';
import type { KernelBridge, NetworkConfig, Route } from './ports.ts';

/** Wider ones, such as the halves 0.0.0.0/1 and 128.0.0.0/1 that VPNs use, say only where the rest goes. */
const SHORTEST_PREFIX = 4;

/** The host's way to a network that the pool would hide, if there is one. */
export function findRouteClash(
  { bridge, pool }: Pick<NetworkConfig, 'bridge' | 'pool'>,
  routes: readonly Route[],
): Route | undefined {
  return routes.find(
    ({ device, subnet }) =>
      device !== bridge && subnet.prefixLength >= SHORTEST_PREFIX && overlap(subnet, pool.subnet),
  );
}

export function refuseRouteClash(config: NetworkConfig, routes: readonly Route[]): void {
  const clash = findRouteClash(config, routes);
  if (clash === undefined) return;
  throw notReady(sayClash(config, clash), { route: clash.text });
}

export function sayClash({ pool, file }: NetworkConfig, { text }: Route): string {
  return `the pool ${formatSubnet(pool.subnet)} overlaps the host's route "${text}"; set another "pool" under [netd] in "${file}"`;
}

/** Taps have one set of names per host, so two bridges would take each other's. */
export function refuseOtherBridge(
  { bridge }: NetworkConfig,
  bridges: readonly KernelBridge[],
): void {
  const other = bridges.find(({ name }) => name !== bridge);
  if (other === undefined) return;
  throw notReady(
    `there is a bridge "${other.name}" of another or an earlier banger; stop that one, or remove the bridge with: ip link delete ${other.name}`,
    { bridge: other.name },
  );
}

/** A guest keeps its address for life, so a pool that leaves one out cannot be used. */
export function refuseHomelessLeases(pool: AddressPool, leases: readonly BridgeLease[]): void {
  const homeless = leases.find(({ address }) => !isGuestAddress(pool, address));
  if (homeless === undefined) return;
  throw notReady(
    `vm "${homeless.name}" has the address ${homeless.address}, which the pool of ${formatGateway(pool)} does not give to guests; configure the pool it came from, or delete the vm`,
    { vm: homeless.vm },
  );
}

function notReady(message: string, metadata: Record<string, string>): BangerError {
  return new BangerError('HOST_NOT_READY', message, { metadata });
}
