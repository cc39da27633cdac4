import type { Call } from '#kit/call.ts';
import { isHostAddress, macOf, type Subnet } from '#kit/ipv4.ts';
import { invalidField, parseInteger } from '../host/fields.ts';
import type { Kernel } from '../host/kernel.ts';
import { runIpBatch, undoIpBatch } from '../host/tools.ts';
import { parsePrivateIpv4 } from '../network/address-fields.ts';
import { hardenBridge } from '../network/kernel-settings.ts';
import { findBridge, type Link, readLinks } from '../network/links.ts';
import { type BridgeName, parseBridgeName } from '../network/names.ts';
import { PACKET_RULES } from '../network/packet-rules.ts';
import { refuseRoutedSubnet } from '../network/routes.ts';

export type EnsureBridge = { readonly bridge: BridgeName } & Subnet;

export function parse(request: {
  bridge: string;
  address: string;
  prefixLength: number;
}): EnsureBridge {
  const bridge = parseBridgeName(request.bridge);
  const address = parsePrivateIpv4('address', request.address);
  const prefixLength = parseInteger('prefix_length', request.prefixLength, { min: 16, max: 30 });
  if (!isHostAddress({ address, prefixLength })) {
    throw invalidField('address', address, `the address of one host in its /${prefixLength}`);
  }
  return { bridge, address, prefixLength };
}

/**
 * Root because: making a bridge, giving it an address and writing packet rules need CAP_NET_ADMIN.
 * Touches: the bridge, its two settings in /proc/sys/net, banger's own packet tables.
 * Order matters: the rules stand before the bridge is up, so that guests never find it open.
 */
export async function run(
  { call, kernel }: { call: Call; kernel: Kernel },
  input: EnsureBridge,
): Promise<void> {
  const { bridge } = input;
  const existing = findBridge(await readLinks(call), bridge);
  await refuseRoutedSubnet(call, bridge, input);
  if (existing === undefined) await runIpBatch(call, [`link add name ${bridge} type bridge`]);
  try {
    await hardenBridge(bridge);
    kernel.nft.change(PACKET_RULES);
    await runIpBatch(call, [
      // There are no loops to look for, so a port may forward at once.
      `link set dev ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      // A bridge without a MAC of its own takes one from its ports, and guests' ARP caches go stale with them.
      `link set dev ${bridge} address ${macOf(input.address)}`,
      ...addressLines(input, existing),
      `link set dev ${bridge} up`,
    ]);
  } catch (error) {
    if (existing === undefined) await undoIpBatch(call, [`link del dev ${bridge}`]);
    throw error;
  }
  call.log.info('bridge ensured', { ...input, created: existing === undefined });
}

function addressLines({ bridge, address, prefixLength }: EnsureBridge, existing?: Link): string[] {
  const others = (existing?.addresses ?? []).filter(
    (other) => other.address !== address || other.prefixLength !== prefixLength,
  );
  return [
    ...others.map((other) => `addr del ${other.address}/${other.prefixLength} dev ${bridge}`),
    `addr replace ${address}/${prefixLength} dev ${bridge}`,
  ];
}
