import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { contains, isHostAddress, macOf, type Subnet } from '#kit/ipv4.ts';
import { parseVmId } from '#kit/names.ts';
import { invalidField, parseInteger } from '../host/fields.ts';
import { runIpBatch, runNft } from '../host/tools.ts';
import { parseMac, parsePrivateIpv4 } from '../network/address-fields.ts';
import { ensureForwarding } from '../network/kernel-settings.ts';
import { findTap, getBridge, type Link, readLinks } from '../network/links.ts';
import { type BridgeName, parseBridgeName, parseTapIndex, tapName } from '../network/names.ts';
import { PACKET_RULES } from '../network/packet-rules.ts';
import {
  addElements,
  deleteElements,
  isComplete,
  type PacketSets,
  readPacketSets,
  setDnsPort,
  type VmRules,
  vmRulesOf,
} from '../network/vm-rules.ts';

export type ApplyRules = {
  readonly bridge: BridgeName;
  readonly rules: VmRules;
  readonly dnsPort: number;
};

type RulesRequest = {
  vmId: string;
  tapIndex: number;
  address: string;
  mac: string;
  nat: boolean;
  peers: boolean;
};

export function parse(request: {
  bridge: string;
  rules?: RulesRequest | undefined;
  dnsPort: number;
}): ApplyRules {
  const { rules } = request;
  if (rules === undefined) throw invalidField('rules', '', 'present');
  return {
    bridge: parseBridgeName(request.bridge),
    dnsPort: parseInteger('dns_port', request.dnsPort, { min: 1, max: 65_535 }),
    rules: {
      vmId: parseVmId(rules.vmId),
      tapIndex: parseTapIndex('tap_index', rules.tapIndex),
      address: parsePrivateIpv4('address', rules.address),
      mac: parseMac('mac', rules.mac),
      nat: rules.nat,
      peers: rules.peers,
    },
  };
}

/**
 * Root because: packet rules and a bridge port's flags need CAP_NET_ADMIN; so does the switch that lets the
 * host forward, which is turned on for the first VM with NAT.
 * Touches: elements of banger's own packet tables that carry this VM's id, the isolation of its tap, and
 * net.ipv4.ip_forward.
 */
export async function run({ call }: { call: Call }, input: ApplyRules): Promise<void> {
  const { bridge, rules } = input;
  const links = await readLinks(call);
  const tap = getTapOf(links, getBridge(links, bridge), rules);
  const sets = await readPacketSets(call);
  refuseTaken(sets, rules);
  const lines = [
    ...(isComplete(sets) ? [] : [PACKET_RULES]),
    ...setDnsPort(sets, bridge, input.dnsPort),
    ...deleteElements(sets, rules.vmId),
    ...addElements(rules),
  ];
  if (rules.nat) await ensureForwarding(call);
  await isolate(call, tap, !rules.peers);
  await runNft(call, lines.join('\n'));
  call.log.info('rules applied', rules);
}

/** The rules between guests decide; a port's flag is the second wall, which stands when rules are flushed. */
async function isolate(call: Call, tap: Link, isolated: boolean): Promise<void> {
  if (tap.isolated === isolated) return;
  const flag = isolated ? 'on' : 'off';
  await runIpBatch(call, [`link set dev ${tap.name} type bridge_slave isolated ${flag}`]);
}

function getTapOf(links: readonly Link[], bridge: Link, rules: VmRules): Link {
  const name = tapName(rules.tapIndex);
  const tap = findTap(links, name);
  if (tap?.master !== bridge.name) {
    throw new BangerError('HOST_NOT_READY', `there is no tap "${name}" on "${bridge.name}"`, {
      metadata: { tap: name, bridge: bridge.name },
    });
  }
  if (bridge.addresses.some((subnet) => isForGuest(subnet, rules))) return tap;
  throw invalidField('address', rules.address, `one for a guest of bridge "${bridge.name}"`);
}

/** In the bridge's network, and neither by address nor by MAC the host itself. */
function isForGuest(host: Subnet, { address, mac }: VmRules): boolean {
  const isHost = address === host.address || mac === macOf(host.address);
  return !isHost && contains(host, address) && isHostAddress({ ...host, address });
}

/** A tap or an address that still carries another VM's rules is that VM's, until its rules are cleared. */
function refuseTaken(sets: PacketSets, rules: VmRules): void {
  const other = vmRulesOf(sets).find(
    ({ vmId, tapIndex, address, mac }) =>
      vmId !== rules.vmId &&
      (tapIndex === rules.tapIndex || address === rules.address || mac === rules.mac),
  );
  if (other === undefined) return;
  throw new BangerError(
    'OPERATION_REFUSED',
    `vm "${other.vmId}" has tap ${other.tapIndex}, ${other.address} and ${other.mac}; clear its rules first`,
    { metadata: { vm: other.vmId } },
  );
}
