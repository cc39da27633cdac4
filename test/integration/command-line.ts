import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { programRoot } from '#kit/program.ts';
import type { Ended } from './local-user.ts';
import type { VmHouse } from './vm-house.ts';

/** The built command, used by the owner of a house's services from a home of their own. */
export type CommandLine = {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** The words that stand for "banger", for a shell or a terminal to run. */
  readonly command: readonly string[];
  start(...args: readonly string[]): ChildProcessWithoutNullStreams;
  run(...args: readonly string[]): Promise<Ended>;
  runWith(input: Buffer, ...args: readonly string[]): Promise<Ended>;
};

export function openCommandLine({ house: { folder } }: VmHouse, { config = '' } = {}): CommandLine {
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
  const home = join(folder, 'home');
  mkdirSync(join(home, 'banger'), { recursive: true });
  writeFileSync(join(home, 'banger/config.toml'), config);
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: home, XDG_CONFIG_HOME: home, XDG_RUNTIME_DIR: folder };
  const program = join(programRoot(), 'dist/banger.cjs');
  const command = [process.execPath, '--', program];
  const start = (...args: readonly string[]) => {
    const [file = '', ...words] = [...command, ...args];
    return spawn(file, words, { cwd: home, env });
  };
  const runWith = async (input: Buffer, ...args: readonly string[]) => {
    const child = start(...args);
    // A command that ends without reading its input closes the pipe.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(input);
    return endOfChild(child);
  };
  return {
    home,
    env,
    command,
    start,
    runWith,
    run: (...args) => runWith(Buffer.alloc(0), ...args),
  };
}

/** The status as a shell would tell it. */
export async function endOfChild(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  if (code === null) throw new Error(`the command was killed by ${signal}: ${stderr}`);
  return { code, stdout, stderr };
}
