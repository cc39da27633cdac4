import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { isBridgeLease } from './lease.ts';
import type { Netd } from './ports.ts';
import { reconcile, remember } from './reconcile.ts';
import { refuseHomelessLeases, refuseOtherBridge, refuseRouteClash } from './route-clash.ts';

/** For what cannot be done without the bridge. */
export async function requireBridge(netd: Netd): Promise<void> {
  if (await tryBridge(netd)) return;
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `network mode "bridge" does not work here: ${netd.bridge.reason}`,
  );
}

export function absence({ rootdRemedy }: Netd['config']): string {
  return `rootd does not run; start it with: ${rootdRemedy}`;
}

/** Without rootd this asks nobody anything, so it may be called at any time. */
export async function tryBridge(netd: Netd): Promise<boolean> {
  const { bridge, host, config } = netd;
  const before = bridge.reason;
  const isOpen = await bridge.open(async () => {
    if (!host.isPresent()) {
      throw new Error(absence(config));
    }
    await openBridge(netd, netd.ownCall('open bridge'));
  });
  if (!isOpen && bridge.reason !== before) {
    netd.ownCall('open bridge').log.info('bridge shut', { reason: bridge.reason });
  }
  return isOpen;
}

/** Order matters: all refusals come before the first change, and names are complete before they are asked for. */
async function openBridge(netd: Netd, call: Call): Promise<void> {
  const { config, host } = netd;
  const leases = await netd.store.list();
  refuseHomelessLeases(config.pool, leases.filter(isBridgeLease));
  refuseRouteClash(config, await netd.routes.list(call));
  refuseOtherBridge(config, (await host.read(call)).bridges);
  await host.ensureBridge(call);
  await remember(netd, call);
  await reconcile(netd, call);
  netd.taps.startWarming();
  await ensureDns(netd, call);
  call.log.info('bridge open', { bridge: config.bridge, gateway: config.pool.gateway });
}

/** Guests run without names too, so a port that is taken is reported and tried again, not fatal. */
export async function ensureDns(netd: Netd, call: Call): Promise<void> {
  const { dns, host, bridge, config } = netd;
  await dns.start();
  const { port, problem } = dns.state();
  if (problem !== '') call.log.warn('dns incomplete', { problem });
  if (!config.routeResolver || port === 0) return;
  try {
    // Every time, because the resolver may have forgotten it with a restart.
    bridge.resolverRouted = await host.routeResolver(call, port);
  } catch (error) {
    call.log.warn('resolver not routed', { error });
  }
}
