import { formatSubnet } from '#kit/ipv4.ts';
import type { VmId } from '#kit/names.ts';
import { formatGateway } from './address-pool.ts';
import { hasName } from './dns-zone.ts';
import { type BridgeLease, isBridgeLease, type Lease, tapName } from './lease.ts';
import type { KernelState, NetworkConfig } from './ports.ts';
import { areSameRules, formatRules, rulesOf, type VmRules } from './rules.ts';
import type { TapPool } from './tap-pool.ts';

/** Where to mend it: at the bridge, the stock of taps, or one VM, whose record decides. */
export type Subject = { bridge: true } | { taps: true } | { vm: VmId };

/** A place where the kernel and the records do not say the same. */
export type Disagreement = {
  /** A sentence that names the object, what the records say and what the kernel has. */
  readonly text: string;
  readonly subject: Subject;
};

export type Observation = {
  readonly leases: readonly Lease[];
  readonly kernel: KernelState;
};

type Known = { config: NetworkConfig; taps: Pick<TapPool, 'knows' | 'leased'> };

export function findDisagreements(
  { config, taps }: Known,
  { leases, kernel }: Observation,
): Disagreement[] {
  const bridged = leases.filter(isBridgeLease);
  return [
    ...bridgeDisagreements(config, kernel),
    ...tapDisagreements(bridged.filter(hasName), kernel, taps),
    ...bridged.flatMap((lease) => ruleDisagreements(lease, kernel.rules)),
    ...strangeRules(bridged, kernel.rules),
    ...forgottenLeases(bridged, taps),
  ];
}

function bridgeDisagreements({ bridge, pool }: NetworkConfig, kernel: KernelState): Disagreement[] {
  const wanted = formatGateway(pool);
  const found = kernel.bridges.find(({ name }) => name === bridge);
  const address = found?.subnet === undefined ? 'it without address' : formatSubnet(found.subnet);
  const has = found === undefined ? 'no such bridge' : address;
  if (has === wanted) return [];
  const text = `bridge "${bridge}" has ${wanted} by the records; the kernel has ${has}`;
  return [{ text, subject: { bridge: true } }];
}

function tapDisagreements(
  attached: readonly BridgeLease[],
  kernel: KernelState,
  taps: Known['taps'],
): Disagreement[] {
  const existing = new Map(kernel.taps.map((tap) => [tap.index, tap]));
  const broken = attached.flatMap(({ vm, tapIndex }) => {
    const tap = existing.get(tapIndex);
    if (tap?.sound) return [];
    const has = tap === undefined ? 'no such device' : 'it down or off the bridge';
    const text = `tap "${tapName(tapIndex)}" belongs to vm "${vm}"; the kernel has ${has}`;
    return [{ text, subject: { vm } }];
  });
  const strays = kernel.taps.filter(({ index }) => !taps.knows(index));
  return [
    ...broken,
    ...strays.map(({ index }) => ({
      text: `tap "${tapName(index)}" is in the kernel; the records know nothing of it`,
      subject: { taps: true } as const,
    })),
  ];
}

function ruleDisagreements(lease: BridgeLease, rules: readonly VmRules[]): Disagreement[] {
  const { vm, state } = lease;
  const has = rules.filter((rule) => rule.vm === vm);
  const subject = { vm };
  if (state === 'attached') {
    const wanted = rulesOf(lease);
    const [only] = has;
    if (has.length === 1 && only !== undefined && areSameRules(only, wanted)) return [];
    return [{ text: sayRules(vm, formatRules(wanted), has), subject }];
  }
  if (has.length > 0) return [{ text: sayRules(vm, 'none', has), subject }];
  if (state === 'detached') return [];
  return [{ text: `vm "${vm}" is being detached by the records; the kernel has nothing`, subject }];
}

function strangeRules(leases: readonly BridgeLease[], rules: readonly VmRules[]): Disagreement[] {
  const known = new Set(leases.map(({ vm }) => vm));
  const strange = rules.filter(({ vm }) => !known.has(vm));
  return strange.map((rule) => ({
    text: sayRules(rule.vm, 'none', [rule]),
    subject: { vm: rule.vm },
  }));
}

/** A release that ended between the record and the tap leaves an index that nobody would give back. */
function forgottenLeases(leases: readonly BridgeLease[], taps: Known['taps']): Disagreement[] {
  const known = new Map(leases.map(({ vm, tapIndex }) => [tapIndex, vm]));
  return [...taps.leased()]
    .filter(([index, vm]) => known.get(index) !== vm)
    .map(([index, vm]) => ({
      text: `tap "${tapName(index)}" is kept for vm "${vm}"; the records have no lease of it`,
      subject: { vm },
    }));
}

function sayRules(vm: VmId, wanted: string, has: readonly VmRules[]): string {
  const found = has.length === 0 ? 'none' : has.map(formatRules).join(' and ');
  return `rules of vm "${vm}" are ${wanted} by the records; the kernel has ${found}`;
}
