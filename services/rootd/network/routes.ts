import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type Ipv4, isIpv4, overlap, type Subnet } from '#kit/ipv4.ts';
import { runTool } from '../host/tools.ts';
import type { BridgeName } from './names.ts';

type RouteJson = { type?: string; dst: string; dev?: string };

/** Default routes, also the two halves that VPNs use in their place, are ways to everywhere and belong to no network. */
const SHORTEST_PREFIX = 4;

/**
 * Refuses a subnet that the host already reaches by another way: with an address of it on the bridge, traffic
 * of the host's own networks would go to guests instead.
 */
export async function refuseRoutedSubnet(
  call: Call,
  bridge: BridgeName,
  subnet: Subnet,
): Promise<void> {
  const routes: RouteJson[] = JSON.parse(
    await runTool(call, 'ip', ['-j', '-4', 'route', 'show', 'table', 'all']),
  );
  const clash = routes.find(
    ({ type = 'unicast', dst, dev }) =>
      type === 'unicast' && dev !== bridge && overlaps(subnet, dst),
  );
  if (clash === undefined) return;
  const wanted = `${subnet.address}/${subnet.prefixLength}`;
  throw new BangerError(
    'OPERATION_REFUSED',
    `the host has a route to ${clash.dst} by "${clash.dev ?? 'no device'}", which ${wanted} of bridge "${bridge}" would take over; configure another network for guests`,
    { metadata: { route: clash.dst, device: clash.dev ?? '', bridge } },
  );
}

function overlaps(subnet: Subnet, dst: string): boolean {
  const [address = '', prefix = '32'] = dst.split('/');
  const route = { address: address as Ipv4, prefixLength: Number(prefix) };
  return isIpv4(address) && route.prefixLength >= SHORTEST_PREFIX && overlap(subnet, route);
}
