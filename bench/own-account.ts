import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './background.ts';

const NAME = 'banger-bench';
/** Far above those that systems hand out. */
const FIRST_SUB_ID = 2_000_000_000;
const SUB_IDS = 65_536;

const ENTER = [
  'mount --bind "$1" /etc/passwd',
  'mount --bind "$2" /etc/subuid',
  'mount --bind "$3" /etc/subgid',
  'uid=$4',
  'shift 4',
  'exec setpriv --reuid="$uid" --regid="$uid" --clear-groups -- "$@"',
].join('; ');

/**
 * The same program under a uid that has a name and a range of further uids, as mmdebstrap asks of whoever calls it.
 * The account exists in a mount namespace that the program alone has; this machine's files stay as they are.
 */
export function withOwnAccount(folder: string, uid: number, program: Program): Program {
  const range = `${NAME}:${FIRST_SUB_ID}:${SUB_IDS}`;
  const files = Object.entries({
    passwd: `${NAME}:x:${uid}:${uid}::/nonexistent:/usr/sbin/nologin`,
    subuid: range,
    subgid: range,
  }).map(([name, line]) => {
    const file = join(folder, name);
    writeFileSync(file, `${readFileSync(join('/etc', name), 'utf8')}${line}\n`, { mode: 0o644 });
    return file;
  });
  const { file = process.execPath, args, env, socket } = program;
  return {
    file: 'unshare',
    args: ['--mount', '--', 'sh', '-ec', ENTER, 'sh', ...files, String(uid), file, ...args],
    env,
    ...(socket === undefined ? {} : { socket }),
  };
}
