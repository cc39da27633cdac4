import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { admitUsers } from '#kit/admission.ts';
import { openDatabase } from '#kit/database.ts';
import { createKeyedLock } from '#kit/keyed-lock.ts';
import { operationService } from '#kit/operation-service.ts';
import { createOperations } from '#kit/operations.ts';
import { ownCalls } from '#kit/own-calls.ts';
import { runService } from '#kit/service.ts';
import { createArchives } from './adapters/archive-source.ts';
import { createBlobs } from './adapters/blobs.ts';
import { createBundles } from './adapters/bundles.ts';
import { createCatalogues } from './adapters/catalogues.ts';
import { createDisks } from './adapters/disks.ts';
import { createHost } from './adapters/host.ts';
import { createImageFolders } from './adapters/image-folders.ts';
import { openImageStore } from './adapters/image-store.ts';
import { createKernels } from './adapters/kernels.ts';
import { type ImagedTables, MIGRATIONS } from './adapters/migrations.ts';
import { createRecipes } from './adapters/recipes/recipes.ts';
import { BlobCache } from './adapters/registry/blob-cache.ts';
import { createRegistry } from './adapters/registry/registry.ts';
import { createTransport } from './adapters/registry/transport.ts';
import { createStaging } from './adapters/staging.ts';
import { readEnvironment, readImagedConfig } from './config.ts';
import { checkHost } from './domain/check-host.ts';
import { hostPlatform } from './domain/platform.ts';
import type { Imaged } from './domain/ports.ts';
import { reconcile } from './domain/reconcile.ts';
import { reconcileKernels } from './domain/reconcile-kernels.ts';
import { createSharedWork } from './domain/shared-work.ts';
import { kernelService } from './kernel-rpc.ts';
import { imageService } from './rpc.ts';

await runService('imaged', async (service) => {
  const config = readImagedConfig(service.paths.config);
  const { searchPath, ...network } = readEnvironment();
  const state = join(service.paths.state, 'imaged');
  mkdirSync(state, { recursive: true, mode: 0o750 });
  const { db, schemaVersion } = openDatabase<ImagedTables>(join(state, 'imaged.db'), MIGRATIONS);
  const cacheFolder = join(service.paths.cache, 'imaged');
  const cache = new BlobCache(cacheFolder);
  const platform = hostPlatform(process.arch);
  const transport = createTransport(network);
  const { archiveLimitBytes: limitBytes, catalogues: origins, mirrors } = config;
  const { now } = service;
  const host = createHost({ platform, now, stateFolder: state, searchPath });
  const staging = createStaging(join(state, 'staging'));
  const catalogues = createCatalogues({ origins, platform, transport, limitBytes });
  const places = { stateFolder: state, cacheFolder, staging };
  const kernels = createKernels({ db, ...places, catalogues, limitBytes, now });
  const imaged: Imaged = {
    store: openImageStore(db),
    folders: createImageFolders(join(state, 'images'), staging),
    disks: createDisks(),
    registry: createRegistry({ ...network, cache, mirrors }),
    archives: createArchives({ platform, limitBytes }),
    bundles: createBundles(),
    catalogues,
    recipes: createRecipes({ ...platform, staging, hasApt: await host.hasTool('apt-get') }),
    blobs: createBlobs(cache),
    host,
    settings: { freeBytes: config.freeBytes },
    operations: createOperations(now),
    making: createSharedWork(),
    locks: createKeyedLock(),
  };
  await reconcile(imaged, service.log);
  await reconcileKernels(kernels, ownCalls(service.log)());
  return {
    ...admitUsers(service, process.getuid?.() ?? 0),
    rpcs: [
      imageService(imaged),
      kernelService(kernels, imaged.operations),
      operationService(imaged.operations),
    ],
    facts: { schemaVersion, checkHost: () => checkHost(imaged.host) },
    close: () => db.destroy(),
  };
});
