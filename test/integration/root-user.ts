import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOCAL_ACCOUNT } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { appendRows } from './accounts.ts';
import { keepNamespaces } from './keep-namespaces.ts';
import { findLeftovers, processesThatKnow } from './leftovers.ts';
import { type Ended, endOf } from './local-user.ts';

const execute = promisify(execFile);

/** Root with a machine of its own: other folders, a network and mounts that nobody else sees. */
export type RootUser = {
  banger(...args: readonly string[]): Promise<Ended>;
  /** The same from where the host's network is: to fetch what is to be had there. */
  bangerOnline(...args: readonly string[]): Promise<Ended>;
  /** The command while it runs, out of reach of the signals of a terminal that the tests may have. */
  start(...args: readonly string[]): ChildProcessWithoutNullStreams;
  /** A folder that only this root uses. */
  readonly folder: string;
  /** The words before a command that runs where the services of this root are. */
  readonly enter: readonly string[];
  /** Runs a tool where the services of this root are. */
  run(file: string, ...args: readonly string[]): Promise<string>;
  /** Pids of this root's processes of one service. */
  pidsOf(service: string): number[];
};

const UID = 4502;
const SUB_IDS = `${LOCAL_ACCOUNT}:900000000:65536`;

/** The rows of /etc/subuid are what an unprivileged package bootstrap lives on. */
const ACCOUNT_FILES = ['passwd', 'group', 'subuid', 'subgid'] as const;

const PREPARE = `
  for file in ${ACCOUNT_FILES.join(' ')}; do mount --bind "$1/$file" "/etc/$file"; done
  ip link set lo up`;

export type RootUserOptions = {
  /** The host's network, for who must reach a package archive, instead of one with nothing in it. */
  sharesNetwork?: boolean;
  /** Content of the configuration file. */
  config?: string;
};

/** A test, or a suite: what is registered first is done first. */
export type Ending = { after(end: () => unknown): void };

export async function openRootUser(
  t: Ending,
  { sharesNetwork = false, config = '' }: RootUserOptions = {},
): Promise<RootUser> {
  const folder = mkdtempSync(join(tmpdir(), 'banger-'));
  chmodSync(folder, 0o711);
  writeAccounts(folder);
  const kinds = sharesNetwork ? (['--mount'] as const) : (['--net', '--mount'] as const);
  const machine = await keepNamespaces(kinds, PREPARE, folder);
  const { enter } = machine;
  const env = environment(folder);
  writeConfig(folder, config);
  const run = async (file: string, ...args: readonly string[]) => {
    const [command = '', ...rest] = [...enter, file, ...args];
    return (await execute(command, rest, { env, cwd: '/' })).stdout;
  };
  const bangerAt =
    (place: readonly string[]) =>
    (...args: readonly string[]) => {
      const [command = '', ...rest] = [...place, join(programRoot(), 'banger'), ...args];
      return endOf(execute(command, rest, { env, cwd: '/', maxBuffer: 2 ** 26 }));
    };
  const banger = bangerAt(enter);
  const start = (...args: readonly string[]) => {
    const [command = '', ...rest] = [...enter, join(programRoot(), 'banger'), ...args];
    return spawn(command, rest, { env, cwd: '/', detached: true });
  };
  t.after(async () => {
    try {
      await banger('daemon', 'stop');
      assert.deepEqual(findLeftovers(folder), []);
    } finally {
      await machine.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
  const pidsOf = (service: string) =>
    processesThatKnow(folder)
      .filter(({ command }) => command.includes(`/${service}.mjs `))
      .map(({ pid }) => pid);
  const bangerOnline = bangerAt(enter.filter((word) => word !== '--net'));
  return { banger, bangerOnline, start, folder, enter, run, pidsOf };
}

/** The account that services get from root exists in this machine only; the host's files stay as they are. */
function writeAccounts(folder: string): void {
  const rows = {
    passwd: `${LOCAL_ACCOUNT}:x:${UID}:${UID}::/nonexistent:/usr/sbin/nologin`,
    group: `${LOCAL_ACCOUNT}:x:${UID}:`,
    subuid: SUB_IDS,
    subgid: SUB_IDS,
  };
  for (const file of ACCOUNT_FILES) {
    writeFileSync(join(folder, file), appendRows(`/etc/${file}`, [rows[file]]));
  }
}

function environment(folder: string): Record<string, string> {
  const places = ['run', 'state', 'cache', 'config', 'tmp'].map((name) => join(folder, name));
  for (const place of places) mkdirSync(place, { mode: 0o755 });
  const [runtime = '', state = '', cache = '', config = '', tmp = ''] = places;
  chmodSync(tmp, 0o1777);
  return {
    PATH: process.env.PATH ?? '',
    XDG_RUNTIME_DIR: runtime,
    XDG_STATE_HOME: state,
    XDG_CACHE_HOME: cache,
    XDG_CONFIG_HOME: config,
    TMPDIR: tmp,
  };
}

function writeConfig(folder: string, config: string): void {
  mkdirSync(join(folder, 'config/banger'));
  writeFileSync(join(folder, 'config/banger/config.toml'), config);
}

export function uidOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
