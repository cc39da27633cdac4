import { type Account, findAccount, findGroup, isMember } from '#kit/accounts.ts';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import { LOCAL_ACCOUNT } from '#kit/paths.ts';

const TIMEOUT_MS = 30_000;

/** Of those who may open /dev/kvm on the distributions that we know. */
const KVM_GROUP = 'kvm';

type Note = (text: string) => void;

/**
 * The account that services and virtual machines run under when root starts them: nothing but rootd ever
 * runs as root. Made on first use, and said so.
 */
export async function ensureLocalAccount(note: Note, signal: AbortSignal): Promise<Account> {
  const account = findAccount(LOCAL_ACCOUNT) ?? (await makeAccount(note, signal));
  await joinKvmGroup(account, note, signal);
  return account;
}

async function makeAccount(note: Note, signal: AbortSignal): Promise<Account> {
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

/** Without it guests run too, several times slower. */
async function joinKvmGroup(account: Account, note: Note, signal: AbortSignal): Promise<void> {
  const group = findGroup(KVM_GROUP);
  if (group === undefined || isMember(account.uid, account.gid, group)) return;
  const args = ['--append', '--groups', KVM_GROUP, account.name];
  try {
    await run('usermod', args, { signal, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    signal.throwIfAborted();
    note(`machines will be slow: usermod ${args.join(' ')} failed: ${String(error)}`);
  }
}
