import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { contains, isHostAddress, macOf, type Subnet } from '#kit/ipv4.ts';
import { parseVmId } from '#kit/names.ts';
import { invalidField, parseInteger } from '../host/fields.ts';
import type { Kernel } from '../host/kernel.ts';
import { runIpBatch } from '../host/tools.ts';
import { parseMac, parsePrivateIpv4 } from '../network/address-fields.ts';
import { ensureForwarding } from '../network/kernel-settings.ts';
import { type BridgeName, parseBridgeName, parseTapIndex, tapName } from '../network/names.ts';
import { PACKET_RULES } from '../network/packet-rules.ts';
import { findPort, type Port } from '../network/port.ts';
import type { RuleChanges, RulePlan } from '../network/rule-changes.ts';
import {
  addElements,
  deleteElements,
  hasRules,
  isComplete,
  type PacketSets,
  setDnsPort,
  type VmRules,
  vmRulesOf,
  withRules,
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
export async function run(
  { call, kernel, changes }: { call: Call; kernel: Kernel; changes: RuleChanges },
  input: ApplyRules,
): Promise<void> {
  const { bridge, rules } = input;
  await changes.make(call, async (sets) => {
    const port = getPort(kernel, bridge, rules);
    refuseOthers(kernel, bridge, rules);
    refuseTaken(sets, rules);
    if (rules.nat) await ensureForwarding(call);
    await isolate(call, port, !rules.peers);
    return planRules(sets, input);
  });
  call.log.info('rules applied', rules);
}

function planRules(sets: PacketSets, { bridge, rules, dnsPort }: ApplyRules): RulePlan {
  const ofAll = [...(isComplete(sets) ? [] : [PACKET_RULES]), ...setDnsPort(sets, bridge, dnsPort)];
  // Taking out waits for the kernel, so what is right already stays.
  const ofVm = hasRules(sets, rules)
    ? []
    : [...deleteElements(sets, rules.vmId), ...addElements(rules)];
  const after = ofAll.length > 0 ? undefined : withRules(sets, rules.vmId, rules);
  return { lines: [...ofAll, ...ofVm], after };
}

/** The rules between guests decide; a port's flag is the second wall, which stands when rules are flushed. */
async function isolate(call: Call, port: Port, isolated: boolean): Promise<void> {
  if (port.isolated === isolated) return;
  const flag = isolated ? 'on' : 'off';
  await runIpBatch(call, [`link set dev ${port.name} type bridge_slave isolated ${flag}`]);
}

function getPort(kernel: Kernel, bridge: BridgeName, { tapIndex }: VmRules): Port {
  const name = tapName(tapIndex);
  const port = findPort(kernel, name, bridge);
  if (port !== undefined) return port;
  throw new BangerError('HOST_NOT_READY', `there is no tap "${name}" on "${bridge}"`, {
    metadata: { tap: name, bridge },
  });
}

function refuseOthers({ addressOf }: Kernel, bridge: BridgeName, rules: VmRules): void {
  const subnet = addressOf(bridge);
  if (subnet !== undefined && isForGuest(subnet, rules)) return;
  throw invalidField('address', rules.address, `one for a guest of bridge "${bridge}"`);
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
