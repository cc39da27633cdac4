import type { TestContext } from 'node:test';
import { planWorkspace, type WorkspaceOptions } from '../plan.ts';
import { makeFolderGuest } from './folder-guest.ts';
import type { TestRepository } from './git-repository.ts';

export function workspaceOptions(
  path: string,
  change: Partial<WorkspaceOptions> = {},
): WorkspaceOptions {
  const usual = { mode: 'overlay' as const, branch: '', from: '', readOnly: false };
  return { path, ...usual, includeUntracked: false, ...change };
}

/** Prepares a repository; answers the folder it is in then. */
export async function prepared(
  t: TestContext,
  { root }: Pick<TestRepository, 'root'>,
  change: Partial<WorkspaceOptions> = {},
) {
  const guest = makeFolderGuest(t);
  const plan = await planWorkspace(workspaceOptions(root, change), new AbortController().signal);
  await guest.prepare(plan);
  return { guest: guest.root, plan };
}
