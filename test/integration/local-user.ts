import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { localPaths, lockPath, type ServiceName } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { findLeftovers, processesThatKnow } from './leftovers.ts';

const execute = promisify(execFile);

export type Ended = { code: number; stdout: string; stderr: string };

/** A person without rights who uses banger from a checkout, with a home and a runtime folder of their own. */
export type LocalUser = {
  readonly home: string;
  banger(...args: readonly string[]): Promise<Ended>;
  /** Pids of this person's processes of one service. */
  pidsOf(service: string): number[];
  /** The lock file of one service. */
  lockOf(service: ServiceName): string;
};

const UID = 4501;
const isRoot = process.getuid?.() === 0;

/** The checkout may lie where only root can look, so root shows it to the person at another place. */
const SHOW_AND_RUN = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';

export function openLocalUser(t: TestContext): LocalUser {
  const folder = mkdtempSync(join(tmpdir(), 'banger-'));
  const place = (name: string) => join(folder, name);
  chmodSync(folder, 0o711);
  for (const name of ['home', 'run', 'tmp', 'program']) makeFolder(place(name));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: place('home'),
    XDG_RUNTIME_DIR: place('run'),
    TMPDIR: place('tmp'),
  };
  const banger = async (...args: readonly string[]) => {
    const [file = '', ...rest] = commandLine(place('program'), args);
    return endOf(execute(file, rest, { env, cwd: '/' }));
  };
  const pidsOf = (service: string) =>
    processesThatKnow(folder)
      .filter(({ command }) => command.includes(`/${service}.mjs `))
      .map(({ pid }) => pid);
  t.after(async () => {
    try {
      await banger('daemon', 'stop');
      assert.deepEqual(findLeftovers(folder), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  const lockOf = (service: ServiceName) => lockPath(localPaths(env, UID), service);
  return { home: place('home'), banger, pidsOf, lockOf };
}

function makeFolder(path: string): void {
  mkdirSync(path, { mode: 0o700 });
  if (isRoot) chownSync(path, UID, UID);
}

function commandLine(place: string, args: readonly string[]): string[] {
  if (!isRoot) return [join(programRoot(), 'banger'), ...args];
  const show = ['sh', '-c', SHOW_AND_RUN, 'sh', programRoot(), place];
  const become = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'];
  const namespace = ['unshare', '--mount', '--propagation', 'private'];
  return [...namespace, ...show, ...become, join(place, 'banger'), ...args];
}

export async function endOf(running: Promise<{ stdout: string; stderr: string }>): Promise<Ended> {
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return error as unknown as Ended;
    throw error;
  }
}
