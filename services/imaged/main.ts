import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { admitUsers } from '#kit/admission.ts';
import { openDatabase } from '#kit/database.ts';
import { createKeyedLock } from '#kit/keyed-lock.ts';
import { operationService } from '#kit/operation-service.ts';
import { createOperations } from '#kit/operations.ts';
import { runService } from '#kit/service.ts';
import { createArchives } from './adapters/archive-source.ts';
import { createBlobs } from './adapters/blobs.ts';
import { createBundles } from './adapters/bundles.ts';
import { createCatalogues } from './adapters/catalogues.ts';
import { createDisks } from './adapters/disks.ts';
import { createHost } from './adapters/host.ts';
import { createImageFolders } from './adapters/image-folders.ts';
import { type ImageTables, openImageStore } from './adapters/image-store.ts';
import { MIGRATIONS } from './adapters/migrations.ts';
import { noRecipes } from './adapters/no-recipes.ts';
import { BlobCache } from './adapters/registry/blob-cache.ts';
import { createRegistry } from './adapters/registry/registry.ts';
import { createTransport } from './adapters/registry/transport.ts';
import { createStaging } from './adapters/staging.ts';
import { readEnvironment, readImagedConfig } from './config.ts';
import { checkHost } from './domain/check-host.ts';
import { hostPlatform } from './domain/platform.ts';
import type { Imaged } from './domain/ports.ts';
import { reconcile } from './domain/reconcile.ts';
import { createSharedWork } from './domain/shared-work.ts';
import { kernelService } from './kernel-rpc.ts';
import { imageService } from './rpc.ts';

await runService('imaged', async (service) => {
  const config = readImagedConfig(service.paths.config);
  const { searchPath, ...network } = readEnvironment();
  const state = join(service.paths.state, 'imaged');
  mkdirSync(state, { recursive: true, mode: 0o750 });
  const { db, schemaVersion } = openDatabase<ImageTables>(join(state, 'imaged.db'), MIGRATIONS);
  const cache = new BlobCache(join(service.paths.cache, 'imaged'));
  const platform = hostPlatform(process.arch);
  const transport = createTransport(network);
  const { archiveLimitBytes: limitBytes, catalogues: origins, mirrors } = config;
  const imaged: Imaged = {
    store: openImageStore(db),
    folders: createImageFolders(join(state, 'images'), createStaging(join(state, 'staging'))),
    disks: createDisks(),
    registry: createRegistry({ ...network, cache, mirrors }),
    archives: createArchives({ platform, limitBytes }),
    bundles: createBundles(),
    catalogues: createCatalogues({ origins, platform, transport, limitBytes }),
    recipes: noRecipes(),
    blobs: createBlobs(cache),
    host: createHost({ platform, now: service.now, stateFolder: state, searchPath }),
    settings: { freeBytes: config.freeBytes },
    operations: createOperations(service.now),
    making: createSharedWork(),
    locks: createKeyedLock(),
  };
  await reconcile(imaged, service.log);
  return {
    ...admitUsers(service, process.getuid?.() ?? 0),
    rpcs: [imageService(imaged), kernelService(), operationService(imaged.operations)],
    facts: { schemaVersion, checkHost: () => checkHost(imaged.host) },
    close: () => db.destroy(),
  };
});
