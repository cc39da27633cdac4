import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { admitUsers } from '#kit/admission.ts';
import { openDatabase } from '#kit/database.ts';
import { socketPath } from '#kit/paths.ts';
import { runService } from '#kit/service.ts';
import { readBootId } from './adapters/boot-id.ts';
import { createDnsServer } from './adapters/dns-server.ts';
import { addGauges } from './adapters/gauges.ts';
import { ipRoutes } from './adapters/ip-routes.ts';
import { type LeaseTables, openLeaseStore } from './adapters/lease-store.ts';
import { MIGRATIONS } from './adapters/migrations.ts';
import { ownCalls } from './adapters/own-call.ts';
import { connectRootd } from './adapters/rootd.ts';
import { hostUpstreams, parseUpstream } from './adapters/upstream.ts';
import { leaseRules } from './callers.ts';
import { readNetdConfig } from './config.ts';
import { parsePool } from './domain/address-pool.ts';
import { Bridge } from './domain/bridge.ts';
import { checkHost } from './domain/check-host.ts';
import { closeBridge } from './domain/close-bridge.ts';
import { DnsZone } from './domain/dns-zone.ts';
import { createLeases } from './domain/leases.ts';
import { tryBridge } from './domain/open-bridge.ts';
import { startPatrol } from './domain/patrol.ts';
import type { Netd } from './domain/ports.ts';
import { TapPool } from './domain/tap-pool.ts';
import { networkService } from './rpc.ts';

const PATROL_MS = 30_000;

await runService('netd', async (service) => {
  const { paths, log, metrics } = service;
  const config = readNetdConfig(paths, { pool: parsePool, upstream: parseUpstream });
  const state = join(paths.state, 'netd');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const { db, schemaVersion } = openDatabase<LeaseTables>(join(state, 'netd.db'), MIGRATIONS);
  const uid = process.getuid?.() ?? 0;
  const nowMs = () => performance.now();
  const ownCall = ownCalls(log, { uid, gid: process.getgid?.() ?? 0, pid: process.pid });
  const host = connectRootd(socketPath(paths, 'rootd'), config);
  const zone = new DnsZone();
  const upstreams = config.upstream.length > 0 ? () => config.upstream : hostUpstreams(nowMs);
  const taps = new TapPool({ host, ownCall, target: config.warmTaps });
  const netd: Netd = {
    config,
    store: openLeaseStore(db, config.pool, readBootId()),
    host,
    routes: ipRoutes(),
    dns: createDnsServer({ config, zone, upstreams, nowMs, log }),
    ownCall,
    leases: createLeases(),
    taps,
    zone,
    bridge: new Bridge(),
  };
  addGauges(metrics, netd);
  await tryBridge(netd);
  const patrol = startPatrol(netd, PATROL_MS);
  return {
    ...admitUsers(service, uid),
    allows: leaseRules(paths, uid),
    rpcs: [networkService(netd)],
    facts: { schemaVersion, checkHost: (call) => checkHost(netd, call) },
    async close() {
      await patrol.stop();
      await closeBridge(netd);
      host.close();
      await db.destroy();
    },
  };
});
