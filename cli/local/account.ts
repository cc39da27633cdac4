import { type Account, findAccount } from '#kit/accounts.ts';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import { LOCAL_ACCOUNT } from '#kit/paths.ts';

const TIMEOUT_MS = 30_000;

/**
 * The account that services and virtual machines run under when root starts them: nothing but rootd ever
 * runs as root. Made on first use, and said so.
 */
export async function ensureLocalAccount(
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<Account> {
  const known = findAccount(LOCAL_ACCOUNT);
  if (known !== undefined) return known;
  const shell = '/usr/sbin/nologin';
  const args = [
    '--system',
    '--user-group',
    '--add-subids-for-system',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
  ];
  const failure = await run('useradd', [...args, '--shell', shell, LOCAL_ACCOUNT], {
    signal,
    timeoutMs: TIMEOUT_MS,
  }).catch((error: unknown) => error);
  // Another command may have made it in the meantime.
  const made = findAccount(LOCAL_ACCOUNT);
  if (made === undefined) {
    throw new BangerError(
      'HOST_NOT_READY',
      `the account "${LOCAL_ACCOUNT}" cannot be made; make it with: useradd --system ${LOCAL_ACCOUNT}`,
      { cause: failure },
    );
  }
  note(
    `created the account "${LOCAL_ACCOUNT}": services and virtual machines run under it, not as root`,
  );
  return made;
}
