import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Kysely, sql } from 'kysely';
import { openDatabase } from '#kit/database.ts';
import { parseSubnet } from '#kit/ipv4.ts';
import { parseVmId, parseVmName, type VmId } from '#kit/names.ts';
import { callOf } from '#kit/testing/call-of.ts';
import { recordedLog } from '#kit/testing/recorded-log.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { type LeaseTables, openLeaseStore } from '../adapters/lease-store.ts';
import { MIGRATIONS } from '../adapters/migrations.ts';
import { parsePool } from '../domain/address-pool.ts';
import { Bridge } from '../domain/bridge.ts';
import { DnsZone } from '../domain/dns-zone.ts';
import type { Wish } from '../domain/lease.ts';
import { createLeases } from '../domain/leases.ts';
import type { HostNetwork, LeaseStore, Netd, NetworkConfig, Route } from '../domain/ports.ts';
import { TapPool } from '../domain/tap-pool.ts';
import { FakeDns } from './fake-dns.ts';
import { FakeHost } from './fake-host.ts';

export type Lab = Awaited<ReturnType<typeof openLab>>;
export type Ports = { host: HostNetwork; store: LeaseStore };

type LabOptions = { pool?: string; warmTaps?: number };

/** One host with its kernel and its disk, on which netd may be started again and again. */
export async function openLab(t: TestContext, { pool, warmTaps = 0 }: LabOptions = {}) {
  const config = configOf(pool);
  const db = await openLabDatabase(t);
  const host = new FakeHost(config);
  const routes: Route[] = [];
  const { log, lines } = recordedLog();
  const call = callOf({ log });
  const ownCall = () => callOf({ log });
  const storeOfBoot = (bootId: string) => openLeaseStore(db, config.pool, bootId);

  /** A new process: nothing in memory, everything on disk and in the kernel as it was left. */
  const startNetd = (replaced: Partial<Ports> = {}, bootId = 'boot-1') => {
    const ports = { host, store: storeOfBoot(bootId), ...replaced };
    const dns = new FakeDns();
    const netd: Netd = {
      config,
      ...ports,
      routes: { list: async () => routes, findUplink: async () => 'eth0' },
      dns,
      ownCall,
      leases: createLeases(),
      taps: new TapPool({ host: ports.host, ownCall, target: warmTaps }),
      zone: new DnsZone(),
      bridge: new Bridge(),
    };
    return { netd, dns };
  };
  return { config, db, host, routes, lines, log, call, storeOfBoot, startNetd };
}

/** The processes that die here die in the test only, so the disk need not be waited for. */
async function openLabDatabase(t: TestContext): Promise<Kysely<LeaseTables>> {
  const path = join(temporaryFolder(t), 'netd.db');
  const { db } = openDatabase<LeaseTables>(path, MIGRATIONS);
  t.after(() => db.destroy());
  await sql`pragma synchronous = off`.execute(db);
  return db;
}

export function configOf(pool = '172.30.0.0/16'): NetworkConfig {
  return {
    bridge: 'br-banger',
    pool: parsePool(pool),
    dnsPort: 42_069,
    guestDnsPort: 42_069,
    routeResolver: true,
    rootdRemedy: 'banger daemon start --bridge',
    file: '/etc/banger/config.toml',
  };
}

export function vmId(number: number): VmId {
  return parseVmId(number.toString(16).padStart(16, '0'));
}

/** What a vmd asks for the VM with this number. */
export function wishOf(number: number, terms: Partial<Wish> = {}): Wish {
  const name = parseVmName(`vm-${number}`);
  return { vm: vmId(number), name, mode: 'bridge', nat: false, peers: false, ...terms };
}

export function routeTo(network: string, device = 'eth0'): Route {
  return { subnet: parseSubnet(network), device, text: `${network} dev ${device}` };
}
