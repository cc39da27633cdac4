import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { admitUsers } from '#kit/admission.ts';
import { openConnection } from '#kit/connection.ts';
import { openDatabase } from '#kit/database.ts';
import { createKeyedLock } from '#kit/keyed-lock.ts';
import type { VmId } from '#kit/names.ts';
import { operationService } from '#kit/operation-service.ts';
import { createOperations } from '#kit/operations.ts';
import { ownCalls } from '#kit/own-calls.ts';
import { socketPath } from '#kit/paths.ts';
import { runService } from '#kit/service.ts';
import { crashSwitch } from './adapters/crash-switch.ts';
import { createDisks } from './adapters/disks.ts';
import { createGuests } from './adapters/guests.ts';
import { createHost } from './adapters/host.ts';
import { createIdentities } from './adapters/identities.ts';
import { createImages } from './adapters/imaged.ts';
import { MIGRATIONS } from './adapters/migrations.ts';
import { createNetwork } from './adapters/netd.ts';
import { createPublisher } from './adapters/publisher.ts';
import { createJail } from './adapters/rootd.ts';
import { openVmStore, type VmTables } from './adapters/vm-store.ts';
import { readVmdConfig } from './config.ts';
import { checkHost } from './domain/check-host.ts';
import { createLiveVms } from './domain/live-vms.ts';
import type { Vmd } from './domain/ports.ts';
import { startUpkeep } from './domain/upkeep.ts';
import { checkQemu } from './drivers/qemu/check-host.ts';
import { createQemuDriver } from './drivers/qemu/index.ts';
import { createProbe } from './drivers/qemu/probe.ts';
import { sweepProbes } from './drivers/qemu/sweep-probes.ts';
import { vmService } from './rpc.ts';

/** How long a service that vmd calls may take to come back from a restart. */
const PATIENCE_MS = 5000;

await runService('vmd', async (service) => {
  const { paths, log } = service;
  const { qemu, ...settings } = readVmdConfig(paths.config);
  const state = join(paths.state, 'vmd');
  mkdirSync(join(state, 'vms'), { recursive: true, mode: 0o700 });
  const { db, schemaVersion } = openDatabase<VmTables>(join(state, 'vmd.db'), MIGRATIONS);
  const connectionTo = (name: 'imaged' | 'netd' | 'rootd') =>
    openConnection({ socket: socketPath(paths, name), service: name, patienceMs: PATIENCE_MS });
  const backgroundCall = ownCalls(log);
  const host = createHost();
  const place = { qemu, folder: state, ...host };
  const vmd: Vmd = {
    store: openVmStore(db),
    images: createImages(connectionTo('imaged')),
    network: createNetwork(connectionTo('netd')),
    disks: createDisks(join(state, 'vms')),
    identities: createIdentities(),
    drivers: [
      createQemuDriver({
        binary: qemu,
        probe: createProbe({ binary: qemu, ...place }),
        jail: createJail(connectionTo('rootd')),
      }),
    ],
    guests: createGuests(),
    publisher: createPublisher(backgroundCall),
    host,
    settings,
    operations: createOperations(service.now, crashSwitch(process.env.BANGER_CRASH_AT)),
    live: createLiveVms(),
    locks: createKeyedLock<VmId>(),
    workspaceLocks: createKeyedLock<VmId>(),
    backgroundCall,
  };
  await sweepProbes(state);
  await startUpkeep(vmd);
  return {
    ...admitUsers(service, process.getuid?.() ?? 0),
    rpcs: [vmService(vmd), operationService(vmd.operations)],
    facts: { schemaVersion, checkHost: async (call) => checkHost(await checkQemu(place, call)) },
    close: () => db.destroy(),
  };
});
