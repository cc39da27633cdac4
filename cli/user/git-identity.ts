import { hasReason } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import type { GitIdentity } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';

const TIMEOUT_MS = 5000;

/** Who commits in the guest: whoever does here. Absent where git does not know, or is not there. */
export async function readGitIdentity({ cwd, signal }: Context): Promise<GitIdentity | undefined> {
  const said = await ask(cwd, signal);
  // git-config(1), -z: each value is "key, line end, value, NUL"; of several the last one counts.
  const values = new Map(
    said.split('\0').map((entry) => {
      const at = entry.indexOf('\n');
      return [entry.slice(0, at), entry.slice(at + 1)] as const;
    }),
  );
  const name = values.get('user.name');
  const email = values.get('user.email');
  return name && email ? { name, email } : undefined;
}

async function ask(cwd: string, signal: AbortSignal): Promise<string> {
  const args = ['config', '-z', '--get-regexp', '^user\\.(name|email)$'];
  try {
    return await run('git', args, { signal, timeoutMs: TIMEOUT_MS, cwd });
  } catch (error) {
    // Status 1 means that nothing is set, and a host without git has nothing to say either.
    if (hasReason(error, 'COMMAND_FAILED')) return '';
    throw error;
  }
}
