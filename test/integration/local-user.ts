import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { localPaths, lockPath, type ServiceName } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { findLeftovers, processesThatKnow } from './leftovers.ts';
import type { Ending } from './root-user.ts';

const execute = promisify(execFile);

export type Ended = { code: number; stdout: string; stderr: string };

/** A person without rights who uses banger from a checkout, with a home and a runtime folder of their own. */
export type LocalUser = {
  readonly home: string;
  /** Path of the command, as this person sees it. */
  readonly program: string;
  banger(...args: readonly string[]): Promise<Ended>;
  /** The same with other variables; one that is undefined is not set. */
  bangerWith(change: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ended>;
  /** The command while it runs, out of reach of the signals of a terminal that the tests may have. */
  start(args: readonly string[], options?: StartOptions): ChildProcessWithoutNullStreams;
  /** Runs another tool as this person and answers what it wrote. */
  run(file: string, ...args: readonly string[]): Promise<string>;
  /** Puts a file below the home, with the person as its owner. */
  write(path: string, content: string | Buffer): string;
  /** Pids of this person's processes of one service. */
  pidsOf(service: string): number[];
  /** The lock file of one service. */
  lockOf(service: ServiceName): string;
};

export type StartOptions = { cwd?: string; env?: Readonly<Record<string, string>> };

export type LocalUserOptions = {
  /** Content of the configuration file. */
  config?: string;
  /** Instead of, and besides, what everybody has: HOME, XDG_RUNTIME_DIR, TMPDIR and PATH. */
  env?: Readonly<Record<string, string>>;
  /** The words before every command of this person, such as nsenter with its arguments. */
  enter?: readonly string[];
  /** Another person than the usual one. */
  uid?: number;
};

const UID = 4501;
const isRoot = process.getuid?.() === 0;

/** The checkout may lie where only root can look, so root shows it to the person at another place. */
const SHOW_AND_RUN = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';

export function openLocalUser(
  t: Ending,
  { config, env: more = {}, enter = [], uid = UID }: LocalUserOptions = {},
): LocalUser {
  // Paths have spaces in them wherever people name folders.
  const folder = mkdtempSync(join(tmpdir(), 'banger of a user-'));
  const place = (name: string) => join(folder, name);
  const home = place('home');
  chmodSync(folder, 0o711);
  for (const name of ['home', 'run', 'tmp', 'program']) makeFolder(place(name), uid);
  const standard = { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: place('tmp') };
  const env = { ...standard, XDG_RUNTIME_DIR: place('run'), ...more };
  const words = (command: readonly string[]) => [
    ...enter,
    ...asPerson(uid, place('program'), command),
  ];
  const program = join(isRoot ? place('program') : programRoot(), 'banger');
  const bangerWith = async (change: NodeJS.ProcessEnv, ...args: readonly string[]) => {
    const [file = '', ...rest] = words([program, ...args]);
    return endOf(execute(file, rest, { env: { ...env, ...change }, cwd: '/' }));
  };
  const user: LocalUser = {
    home,
    program,
    banger: (...args) => bangerWith({}, ...args),
    bangerWith,
    start: (args, { cwd = home, env: own = {} } = {}) => {
      const [file = '', ...rest] = words([program, ...args]);
      return spawn(file, rest, { cwd, env: { ...env, ...own }, detached: true });
    },
    run: async (...command) => {
      const [file = '', ...rest] = words(command);
      return (await execute(file, rest, { env, cwd: home })).stdout;
    },
    write: (path, content) => writeAs(uid, join(home, path), content),
    pidsOf: (service) => pidsOf(folder, service),
    lockOf: (service) => lockPath(localPaths(env, uid), service),
  };
  t.after(() => close(folder, user));
  if (config !== undefined) user.write('.config/banger/config.toml', config);
  return user;
}

async function close(folder: string, { banger }: LocalUser): Promise<void> {
  try {
    await banger('daemon', 'stop');
    assert.deepEqual(findLeftovers(folder), []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pidsOf(folder: string, service: string): number[] {
  return processesThatKnow(folder)
    .filter(({ command }) => command.includes(`/${service}.mjs `))
    .map(({ pid }) => pid);
}

function makeFolder(path: string, uid: number): void {
  mkdirSync(path, { mode: 0o700 });
  if (isRoot) chownSync(path, uid, uid);
}

function writeAs(uid: number, file: string, content: string | Buffer): string {
  const made = mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  if (!isRoot) return file;
  // All folders that were made on the way, and the file.
  for (let at = file; at !== dirname(made ?? file); at = dirname(at)) chownSync(at, uid, uid);
  return file;
}

function asPerson(uid: number, place: string, command: readonly string[]): string[] {
  if (!isRoot) return [...command];
  const show = ['sh', '-c', SHOW_AND_RUN, 'sh', programRoot(), place];
  const become = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const namespace = ['unshare', '--mount', '--propagation', 'private'];
  return [...namespace, ...show, ...become, ...command];
}

export async function endOf(running: Promise<{ stdout: string; stderr: string }>): Promise<Ended> {
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return error as unknown as Ended;
    throw error;
  }
}
