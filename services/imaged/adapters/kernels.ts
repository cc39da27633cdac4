import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { createKeyedLock } from '#kit/keyed-lock.ts';
import type { Catalogues } from '../domain/catalogue.ts';
import type { Kernels } from '../domain/kernel-ports.ts';
import { createSharedWork } from '../domain/shared-work.ts';
import { createKernelTools } from './kernel-tools.ts';
import { createKernelFolders } from './kernels/kernel-folders.ts';
import { createKernelSources } from './kernels/kernel-sources.ts';
import { type KernelTables, openKernelStore } from './kernels/kernel-store.ts';
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
  const tools = createKernelTools({ root, staging, catalogues, cacheFolder, limitBytes });
  return {
    store: openKernelStore(db),
    folders: createKernelFolders(root, tools),
    sources: createKernelSources(tools),
    catalogues,
    locks: createKeyedLock(),
    making: createSharedWork(),
    now,
    newId: () => randomBytes(8).toString('hex'),
  };
}
