import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Scope } from './row.ts';

/** Answers what the given maker makes: the first time it is asked for, and the same for all who ask later. */
export type Share = <Thing>(make: (scope: Scope) => Promise<Thing>) => Promise<Thing>;

type Whole = Pick<Scope, 'folder' | 'cleanup'>;

/** Shares what takes long to make, such as images, among the rows of one run. It lives as long as the run. */
export function createShare({ folder, cleanup }: Whole): Share {
  const made = new Map<unknown, Promise<unknown>>();
  const share: Share = <Thing>(make: (scope: Scope) => Promise<Thing>) => {
    const known = made.get(make) as Promise<Thing> | undefined;
    if (known !== undefined) return known;
    const making = make({ folder: mkdtempSync(join(folder, 'shared-')), cleanup, share });
    made.set(make, making);
    return making;
  };
  return share;
}
