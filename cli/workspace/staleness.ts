import { hasReason } from '#kit/errors.ts';
import type { Workspace } from '#proto/banger/v1/vm.ts';
import { openGit } from './git.ts';

export type Staleness = { recorded: string; current: string };

/** Where the host's HEAD has gone since a workspace was prepared; nothing while it is where it was. */
export async function findStaleness(
  { hostPath, headCommit }: Workspace,
  signal: AbortSignal,
): Promise<Staleness | undefined> {
  const git = openGit({ cwd: '/', signal });
  const ask = ['-C', hostPath, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}'];
  try {
    const current = await git.find(ask);
    return current === undefined || current === headCommit
      ? undefined
      : { recorded: headCommit, current };
  } catch (error) {
    // A repository that was moved or removed does not make a guest's copy of it stale.
    if (hasReason(error, 'COMMAND_FAILED')) return undefined;
    throw error;
  }
}
