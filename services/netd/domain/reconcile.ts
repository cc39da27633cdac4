import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import { giveUp, makeLive } from './attach-lease.ts';
import { type Disagreement, findDisagreements, type Observation } from './disagreement.ts';
import { hasName } from './dns-zone.ts';
import { isBridgeLease } from './lease.ts';
import type { Netd } from './ports.ts';

export async function observe(netd: Netd, call: Call): Promise<Observation> {
  const kernel = await netd.host.read(call);
  return { kernel, leases: await netd.store.list() };
}

/**
 * Makes kernel and records agree: what a record says is live is made so, what no record explains is removed.
 * There is no other way to start, so the way back from a crash is walked every time.
 */
export async function reconcile(netd: Netd, call: Call): Promise<void> {
  const version = netd.taps.version;
  const observation = await observe(netd, call);
  const found = findDisagreements(netd, observation);
  for (const { text } of found) call.log.warn('kernel and records disagree', { text });
  if (found.some(({ subject }) => 'bridge' in subject)) await netd.host.ensureBridge(call);
  // Taps may have come and gone while the kernel was being read; then the next round settles them.
  if (netd.taps.version === version) await netd.taps.settle(call, observation.kernel.taps);
  for (const vm of vmsOf(found)) await mend(netd, call, vm);
  netd.taps.tend();
}

/** Fills what is kept in memory from the records: who has which tap, and which names are answered. */
export async function remember(netd: Netd, call: Call): Promise<void> {
  for (const { vm } of await netd.store.list()) {
    await netd.leases.with(vm, call, async () => {
      const lease = await netd.store.find(vm);
      if (lease === undefined || !isBridgeLease(lease)) return;
      netd.taps.hold(lease.tapIndex, vm);
      if (hasName(lease)) netd.zone.add(lease);
    });
  }
}

function vmsOf(found: readonly Disagreement[]): Set<VmId> {
  return new Set(found.flatMap(({ subject }) => ('vm' in subject ? [subject.vm] : [])));
}

/** One VM that cannot be mended does not keep the others from it; the next round tries it again. */
async function mend(netd: Netd, call: Call, vm: VmId): Promise<void> {
  try {
    await netd.leases.with(vm, call, () => mendHeld(netd, call, vm));
  } catch (error) {
    call.signal.throwIfAborted();
    call.log.error('vm not mended', { vm, error });
  }
}

/** Looks at the record again, which may have changed since the disagreement was seen. */
async function mendHeld(netd: Netd, call: Call, vm: VmId): Promise<void> {
  const lease = await netd.store.find(vm);
  const own = lease !== undefined && isBridgeLease(lease) ? lease : undefined;
  for (const [index, holder] of netd.taps.leased()) {
    if (holder === vm && index !== own?.tapIndex) netd.taps.giveBack(index);
  }
  if (own === undefined) await netd.host.clearRules(call, vm);
  else if (hasName(own)) await makeLive(netd, call, own);
  else await giveUp(netd, call, own);
}
