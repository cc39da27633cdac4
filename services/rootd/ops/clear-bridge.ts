import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { Kernel } from '../host/kernel.ts';
import { runIpBatch } from '../host/tools.ts';
import { bridgesOf, findBridge, type Link, portsOf, readLinks } from '../network/links.ts';
import { type BridgeName, findTapIndex, parseBridgeName } from '../network/names.ts';
import { REMOVE_PACKET_RULES } from '../network/packet-rules.ts';
import { deleteDnsPort, readPacketSets } from '../network/vm-rules.ts';

export type ClearBridge = { readonly bridge: BridgeName };

export function parse(request: { bridge: string }): ClearBridge {
  return { bridge: parseBridgeName(request.bridge) };
}

/**
 * Root because: removing a bridge and packet tables needs CAP_NET_ADMIN.
 * Touches: the bridge; banger's own packet tables, when no other bridge of banger needs them.
 * Order matters: the rules go last, so that guests never find the bridge open.
 */
export async function run(
  { call, kernel }: { call: Call; kernel: Kernel },
  { bridge }: ClearBridge,
): Promise<void> {
  const links = await readLinks(call);
  const existing = findBridge(links, bridge);
  if (existing !== undefined) {
    refuseForeignPorts(links, existing);
    await runIpBatch(call, [`link del dev ${bridge}`]);
    call.log.info('bridge cleared', { bridge });
  }
  const others = bridgesOf(links).filter(({ name }) => name !== bridge);
  if (others.length === 0) return kernel.nft.change(REMOVE_PACKET_RULES);
  const lines = deleteDnsPort(readPacketSets(kernel.nft), bridge);
  if (lines.length > 0) kernel.nft.change(lines.join('\n'));
}

/** Removing the bridge would cut off a device that somebody else attached to it. */
function refuseForeignPorts(links: readonly Link[], bridge: Link): void {
  const foreign = portsOf(links, bridge).find(({ name }) => findTapIndex(name) === undefined);
  if (foreign === undefined) return;
  throw new BangerError(
    'OPERATION_REFUSED',
    `device "${foreign.name}" is attached to bridge "${bridge.name}" and is not banger's; detach it with: ip link set dev ${foreign.name} nomaster`,
    { metadata: { device: foreign.name, bridge: bridge.name } },
  );
}
