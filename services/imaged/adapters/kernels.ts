import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { createKeyedLock } from '#kit/keyed-lock.ts';
import type { Kernels } from '../domain/kernel-ports.ts';
import { createSharedWork } from '../domain/shared-work.ts';
import { createKernelTools } from './kernel-tools.ts';
import { createKernelFolders, createKernelPackages } from './kernels/kernel-folders.ts';
import { type KernelTables, openKernelStore } from './kernels/kernel-store.ts';
import type { Staging } from './staging.ts';

export type KernelsOptions = {
  db: Kysely<KernelTables>;
  stateFolder: string;
  cacheFolder: string;
  staging: Staging;
  now: () => Date;
};

/** All that the verbs on kernels work on. */
export function createKernels({
  db,
  stateFolder,
  cacheFolder,
  staging,
  now,
}: KernelsOptions): Kernels {
  const root = join(stateFolder, 'kernels');
  const tools = createKernelTools(staging, join(cacheFolder, 'guest'));
  return {
    store: openKernelStore(db),
    folders: createKernelFolders(root, tools),
    packages: createKernelPackages(root, tools),
    locks: createKeyedLock(),
    pulls: createSharedWork(),
    now,
    newId: () => randomBytes(8).toString('hex'),
  };
}
