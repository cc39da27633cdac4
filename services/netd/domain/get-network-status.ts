import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { formatGateway } from './address-pool.ts';
import { findDisagreements, type Observation } from './disagreement.ts';
import { isBridgeLease, type NetworkMode } from './lease.ts';
import { absence, tryBridge } from './open-bridge.ts';
import type { Netd } from './ports.ts';
import { observe } from './reconcile.ts';

export type NetworkStatus = {
  modes: { mode: NetworkMode; available: boolean; reason: string }[];
  bridge: BridgeStatus | undefined;
  dns: { address: string; names: number; questions: number; resolverRouted: boolean };
  disagreements: string[];
};

export type BridgeStatus = {
  name: string;
  address: string;
  uplink: string;
  addressesTotal: number;
  addressesLeased: number;
  tapsReady: number;
  tapsUsed: number;
  vmsWithRules: number;
};

/** Opens the bridge when rootd has come meanwhile: a capability that was never tried would be called missing. */
export async function getNetworkStatus(netd: Netd, call: Call): Promise<NetworkStatus> {
  const seen = await lookAtBridge(netd, call);
  const reason = typeof seen === 'string' ? seen : '';
  const { address, questions, problem } = netd.dns.state();
  const bridge = typeof seen === 'string' ? undefined : await describeBridge(netd, call, seen);
  const disagreements =
    typeof seen === 'string' ? [] : await lastingDisagreements(netd, call, seen);
  return {
    modes: [
      { mode: 'bridge', available: reason === '', reason },
      { mode: 'user', available: true, reason: '' },
      { mode: 'none', available: true, reason: '' },
    ],
    bridge,
    dns: {
      address,
      questions,
      names: netd.zone.size,
      resolverRouted: netd.bridge.resolverRouted,
    },
    disagreements: problem === '' ? disagreements : [...disagreements, problem],
  };
}

/** What is there, or why there is nothing. */
async function lookAtBridge(netd: Netd, call: Call): Promise<Observation | string> {
  if (!(await tryBridge(netd))) return netd.bridge.reason;
  try {
    return await observe(netd, call);
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    return netd.host.isPresent() ? error.message : absence(netd.config);
  }
}

async function describeBridge(
  { config, taps, routes }: Netd,
  call: Call,
  { kernel, leases }: Observation,
): Promise<BridgeStatus> {
  return {
    name: config.bridge,
    address: formatGateway(config.pool),
    uplink: (await routes.findUplink(call)) ?? '',
    addressesTotal: config.pool.total,
    addressesLeased: leases.filter(isBridgeLease).length,
    tapsReady: taps.ready,
    tapsUsed: taps.used,
    vmsWithRules: new Set(kernel.rules.map(({ vm }) => vm)).size,
  };
}

/** Reading takes a moment in which a VM may come or go, so only what two looks show is said. */
async function lastingDisagreements(netd: Netd, call: Call, first: Observation): Promise<string[]> {
  const before = settled(netd, first);
  if (before.length === 0) return [];
  const after = settled(netd, await observe(netd, call));
  return after.filter((text) => before.includes(text));
}

function settled(netd: Netd, observation: Observation): string[] {
  return findDisagreements(netd, observation)
    .filter(({ subject }) => !('vm' in subject && netd.leases.isBusy(subject.vm)))
    .map(({ text }) => text);
}
