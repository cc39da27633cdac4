import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { createKeyedLock } from '#kit/keyed-lock.ts';
import type { Catalogues } from '../domain/catalogue.ts';
import type { KernelSources, Kernels, StagedKernel } from '../domain/kernel-ports.ts';
import { createSharedWork } from '../domain/shared-work.ts';
import { createKernelTools } from './kernel-tools.ts';
import { createKernelFolders } from './kernels/kernel-folders.ts';
import { createKernelSources } from './kernels/kernel-sources.ts';
import { type KernelTables, openKernelStore } from './kernels/kernel-store.ts';
import { nameFullDisk } from './name-full-disk.ts';
import type { Staging } from './staging.ts';

export type KernelsOptions = {
  readonly db: Kysely<KernelTables>;
  readonly stateFolder: string;
  readonly cacheFolder: string;
  readonly staging: Staging;
  readonly catalogues: Catalogues;
  readonly limitBytes: number;
  readonly now: () => Date;
};

/** All that the verbs on kernels work on. */
export function createKernels(options: KernelsOptions): Kernels {
  const { db, staging, catalogues, limitBytes, now } = options;
  const root = join(options.stateFolder, 'kernels');
  const cacheFolder = join(options.cacheFolder, 'guest');
  const store = openKernelStore(db);
  const tools = createKernelTools({ root, staging, catalogues, cacheFolder, limitBytes });
  return {
    store: { ...store, publish: (kernel) => nameFullDisk('records', () => store.publish(kernel)) },
    folders: createKernelFolders(root, tools),
    sources: namingFullDisk(createKernelSources(tools)),
    catalogues,
    locks: createKeyedLock(),
    making: createSharedWork(),
    now,
    newId: () => randomBytes(8).toString('hex'),
  };
}

/** All of them write, from the first byte that is received to the last one that is published. */
function namingFullDisk(sources: KernelSources): KernelSources {
  const guard = async (work: () => Promise<StagedKernel>): Promise<StagedKernel> => {
    const staged = await nameFullDisk('kernels', work);
    return { ...staged, publish: (to) => nameFullDisk('kernels', () => staged.publish(to)) };
  };
  return {
    fromPackage: (...args) => guard(() => sources.fromPackage(...args)),
    fromSource: (...args) => guard(() => sources.fromSource(...args)),
    fromBytes: (...args) => guard(() => sources.fromBytes(...args)),
    fromCatalogue: (...args) => guard(() => sources.fromCatalogue(...args)),
  };
}
