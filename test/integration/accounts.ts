import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programRoot } from '#kit/program.ts';
import type { House } from './harness.ts';
import { PYTHON } from './needs.ts';

const execute = promisify(execFile);

export type AccountFiles = { passwd: string; group: string };

/** How a call of a client under some uid ended: "OK", or a status with the reason of the error. */
export type Ending = { code: string; reason: string; message: string };

/** The host's accounts and groups with some more, in files that `withAccounts` puts in the place of the host's. */
export function writeAccounts(
  house: House,
  accounts: Readonly<Record<string, number>>,
  groups: Readonly<Record<string, { gid: number; members: readonly string[] }>>,
): AccountFiles {
  const passwd = join(house.folder, 'passwd');
  const group = join(house.folder, 'group');
  const users = Object.entries(accounts).map(
    ([name, uid]) => `${name}:x:${uid}:${uid}::/:/bin/false`,
  );
  const rows = Object.entries(groups).map(
    ([name, { gid, members }]) => `${name}:x:${gid}:${members.join(',')}`,
  );
  // Written in place: the mount over /etc is of this very file.
  writeFileSync(passwd, appendRows('/etc/passwd', users));
  writeFileSync(group, appendRows('/etc/group', rows));
  return { passwd, group };
}

/** A row takes the place of one that the host has under the same name. */
export function appendRows(file: string, rows: readonly string[]): string {
  const names = rows.map((row) => row.split(':')[0] ?? '');
  const others = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .filter((row) => !names.includes(row.split(':')[0] ?? ''));
  return [...others, ...rows, ''].join('\n');
}

const MOUNT_AND_RUN =
  'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec "$@"';

/** Runs a service where these accounts exist. They do in its mount namespace only; the machine has no new account. */
export function withAccounts({ passwd, group }: AccountFiles): string[] {
  const script = ['sh', '-c', MOUNT_AND_RUN, 'sh', passwd, group];
  return ['unshare', '--mount', '--propagation', 'private', ...script];
}

/** Lets other uids pass through the folder of the test, which stands for /run. Its parts keep their own modes. */
export function openToOthers(house: House): void {
  chmodSync(house.folder, 0o711);
}

/** Calls one method as another uid would, with nothing but what that uid can read. */
export async function callAs(
  house: House,
  { uid, gid = uid }: { uid: number; gid?: number },
  socket: string,
  method: string,
): Promise<Ending> {
  const script = join(house.folder, 'call-method.py');
  copyFileSync(join(programRoot(), 'test/integration/fixtures/call-method.py'), script);
  chmodSync(script, 0o644);
  const who = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const { stdout } = await execute('setpriv', [...who, PYTHON, '-B', script, socket, method], {
    cwd: '/',
  });
  return JSON.parse(stdout);
}
