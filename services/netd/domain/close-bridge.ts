import type { Call } from '#kit/call.ts';
import { undo } from '#kit/undo.ts';
import { isBridgeLease } from './lease.ts';
import type { Netd } from './ports.ts';

/** Leaves in the kernel only what running guests need; a host without guests is left as it was found. */
export async function closeBridge(netd: Netd): Promise<void> {
  if (!(await netd.bridge.end())) return;
  const call = netd.ownCall('close bridge');
  // Each step is tried, whatever became of the one before; they run from the last to the first.
  await using steps = new AsyncDisposableStack();
  steps.defer(undo(call.log, 'clear idle parts', () => clearIdle(netd, call)));
  steps.defer(undo(call.log, 'stop dns', () => netd.dns.stop()));
  if (netd.bridge.resolverRouted) {
    steps.defer(undo(call.log, 'unroute resolver', () => netd.host.unrouteResolver(call)));
  }
}

async function clearIdle(netd: Netd, call: Call): Promise<void> {
  const { taps } = await netd.host.read(call);
  const leases = (await netd.store.list()).filter(isBridgeLease);
  const live = leases.filter(({ state }) => state !== 'detached').map(({ tapIndex }) => tapIndex);
  const held = taps.filter(({ inUse }) => inUse).map(({ index }) => index);
  const needed = new Set([...live, ...held]);
  await netd.taps.drain(call, needed);
  if (needed.size === 0) await netd.host.clearBridge(call);
}
