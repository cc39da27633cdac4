import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { admitUsers } from '#kit/admission.ts';
import { openDatabase } from '#kit/database.ts';
import { operationService } from '#kit/operation-service.ts';
import { createOperations } from '#kit/operations.ts';
import { runService } from '#kit/service.ts';
import { MIGRATIONS } from './adapters/migrations.ts';
import { openVmStore, type VmTables } from './adapters/vm-store.ts';
import { checkHost } from './domain/check-host.ts';
import { vmService } from './rpc.ts';

await runService('vmd', async (service) => {
  const state = join(service.paths.state, 'vmd');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const { db, schemaVersion } = openDatabase<VmTables>(join(state, 'vmd.db'), MIGRATIONS);
  const vmd = { store: openVmStore(db) };
  const operations = createOperations(service.now);
  return {
    ...admitUsers(service, process.getuid?.() ?? 0),
    rpcs: [vmService(vmd), operationService(operations)],
    facts: { schemaVersion, checkHost },
    close: () => db.destroy(),
  };
});
