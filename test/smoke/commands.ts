import assert from 'node:assert/strict';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { endOfChild } from '../integration/command-line.ts';
import type { Ended, LocalUser, StartOptions } from '../integration/local-user.ts';
import type { Transcript } from './transcript.ts';

export type Input = StartOptions & { input?: Buffer };

export type Running = {
  child: ChildProcessWithoutNullStreams;
  ended: Promise<Ended>;
  /** All that it wrote until now, to either stream. */
  said(): string;
};

/** How a scenario calls banger. Each call is in the transcript, with what it printed. */
export type Commands = {
  /** A command that runs until it is over, or the scenario is. */
  start(args: readonly string[], options?: StartOptions): Running;
  /** Runs a command to its end, whatever that is. */
  banger(...args: readonly string[]): Promise<Ended>;
  bangerWith(input: Input, ...args: readonly string[]): Promise<Ended>;
  /** Runs a command that is to go well, and answers what it printed. */
  ok(...args: readonly string[]): Promise<string>;
  /** The same from its JSON. */
  json<Answer>(...args: readonly string[]): Promise<Answer>;
  /** Runs a command that is to fail, and to say why. */
  refused(why: RegExp, ...args: readonly string[]): Promise<Ended>;
  /** Runs a script in the guest of that name and answers what it printed. */
  guest(vm: string, script: string): Promise<string>;
};

type Scope = {
  user: LocalUser;
  signal: AbortSignal;
  transcript: Transcript;
  /** Ends what runs when the scenario is over. */
  running: AsyncDisposableStack;
};

export function createCommands(scope: Scope): Commands {
  const start: Commands['start'] = (args, options) => startIn(scope, args, options);
  const bangerWith: Commands['bangerWith'] = ({ input, ...options }, ...args) => {
    const { child, ended } = start(args, options);
    // A command that ends without reading its input closes the pipe.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(input);
    return ended;
  };
  const banger: Commands['banger'] = (...args) => bangerWith({}, ...args);
  const ok: Commands['ok'] = async (...args) => {
    const { code, stdout, stderr } = await banger(...args);
    assert.equal(code, 0, `banger ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  };
  return {
    start,
    banger,
    bangerWith,
    ok,
    json: async (...args) => JSON.parse(await ok(...args, '--json')),
    refused: async (why, ...args) => {
      const ended = await banger(...args);
      assert.notEqual(ended.code, 0, `banger ${args.join(' ')} was not refused`);
      assert.match(ended.stderr, why);
      return ended;
    },
    guest: (vm, script) => ok('vm', 'exec', vm, '--', 'sh', '-euc', script),
  };
}

function startIn(
  { user, signal, transcript, running }: Scope,
  args: readonly string[],
  options?: StartOptions,
): Running {
  signal.throwIfAborted();
  const child = user.start(args, options);
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  const entry = transcript.begin(args);
  const ended = endOfChild(child).finally(() => signal.removeEventListener('abort', stop));
  const told = ended.then(entry.end, entry.fail);
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: string) => said.push(text));
  }
  running.defer(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await told;
  });
  return { child, ended, said: () => said.join('') };
}
