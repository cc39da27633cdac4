import type { Call } from '#kit/call.ts';
import { ensureDns, tryBridge } from './open-bridge.ts';
import type { Netd } from './ports.ts';
import { reconcile } from './reconcile.ts';

/**
 * Looks again and again: rootd may come after us, and a firewall that restarts may throw our rules away, which
 * would leave guests without isolation until somebody notices.
 */
export function startPatrol(netd: Netd, intervalMs: number): { stop(): Promise<void> } {
  let round: Promise<void> | undefined;
  const timer = setInterval(() => {
    round ??= patrol(netd).finally(() => {
      round = undefined;
    });
  }, intervalMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await round;
    },
  };
}

/** One round. Failures are rootd's being away or worth a line in the log; the next round comes either way. */
export async function patrol(netd: Netd): Promise<void> {
  const call = netd.ownCall('patrol');
  try {
    const wasOpen = netd.bridge.isOpen;
    if (!(await tryBridge(netd)) || !wasOpen) return;
    await refreshBridge(netd, call);
    await reconcile(netd, call);
    await ensureDns(netd, call);
  } catch (error) {
    call.log.warn('patrol failed', { error });
  }
}

/** Lays down again what no listing shows to be missing; a VM's rules are looked after even when that fails. */
async function refreshBridge(netd: Netd, call: Call): Promise<void> {
  try {
    await netd.host.ensureBridge(call);
  } catch (error) {
    call.log.warn('bridge not refreshed', { error });
  }
}
