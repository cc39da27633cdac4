import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { BangerError } from './errors.ts';

export type RunOptions = {
  signal: AbortSignal;
  timeoutMs: number;
  /** Standard input; none without it. A stream is read as the tool takes it, and one that fails ends the tool. */
  input?: string | Uint8Array | AsyncIterable<unknown>;
  cwd?: string;
  /** On top of this process's own; undefined takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Ends the tool also when this process is killed: for one that works long in a place that is swept at the next start. */
  tied?: boolean;
};

const OUTPUT_LIMIT_BYTES = 16 * 2 ** 20;
const MESSAGE_LIMIT = 2000;

/** Of setpriv, when there is no such tool. */
const NOT_EXECUTED = 'setpriv: failed to execute';

/**
 * Runs a tool to its end and answers its standard output. There is no shell: what is in an argument stays in
 * that argument. A failure names the tool, its status and the end of what it wrote to standard error.
 */
export async function run(
  file: string,
  args: readonly string[],
  options: RunOptions,
): Promise<string> {
  const { signal, timeoutMs, input, cwd, env, tied } = options;
  signal.throwIfAborted();
  const { execa } = await loadExeca();
  const result = await execa(...commandOf(file, args, tied), {
    cancelSignal: signal,
    timeout: timeoutMs,
    maxBuffer: OUTPUT_LIMIT_BYTES,
    reject: false,
    // LC_ALL=C because messages are matched and quoted.
    env: { LC_ALL: 'C', ...env },
    ...inputOption(input),
    ...(cwd === undefined ? {} : { cwd }),
  });
  signal.throwIfAborted();
  if (result.failed) throw commandFailed(file, args, result);
  return result.stdout;
}

/** TERM and not KILL: make, mmdebstrap and their like end what they started before they end themselves. */
function commandOf(
  file: string,
  args: readonly string[],
  tied = false,
): [file: string, args: readonly string[]] {
  return tied ? ['setpriv', ['--pdeathsig', 'TERM', file, ...args]] : [file, args];
}

/** With the first tool: most services run none for hours, and the library takes 1 MiB of each. */
const loadExeca = () => import('execa');

function inputOption(input: RunOptions['input']) {
  if (input === undefined) return { stdin: 'ignore' as const };
  const isWhole = typeof input === 'string' || input instanceof Uint8Array;
  return { input: isWhole ? input : Readable.from(input) };
}

type Outcome = {
  exitCode?: number | undefined;
  signal?: string | undefined;
  timedOut: boolean;
  isMaxBuffer: boolean;
  stderr: string;
  cause?: unknown;
};

function commandFailed(file: string, args: readonly string[], outcome: Outcome): BangerError {
  const said = outcome.stderr.trim().slice(-MESSAGE_LIMIT);
  const message = `${file} ${howItEnded(outcome)}${said === '' ? '' : `: ${said}`}`;
  return new BangerError('COMMAND_FAILED', message, {
    cause: outcome.cause,
    metadata: {
      command: [file, ...args].join(' ').slice(0, MESSAGE_LIMIT),
      ...(outcome.exitCode === undefined ? {} : { status: String(outcome.exitCode) }),
    },
  });
}

function howItEnded({ timedOut, isMaxBuffer, signal, exitCode, stderr }: Outcome): string {
  if (timedOut) return 'took too long';
  if (isMaxBuffer) return 'wrote too much';
  if (signal !== undefined) return `was killed by ${signal}`;
  const isMissing = exitCode === undefined || stderr.startsWith(NOT_EXECUTED);
  return isMissing ? 'could not be started' : `ended with status ${exitCode}`;
}

export type StreamOptions = RunOptions & {
  /** Called with each line of standard error as it comes. */
  onLine?: (line: string) => void;
};

/**
 * Runs a tool whose standard output is too large to keep: the caller reads it piece by piece, at its own pace. The
 * iteration ends well only when the tool did; leaving it early ends the tool.
 */
export async function* runStreaming(
  file: string,
  args: readonly string[],
  { signal, timeoutMs, input, cwd, env, tied, onLine }: StreamOptions,
): AsyncGenerator<Buffer, void> {
  signal.throwIfAborted();
  const { execa } = await loadExeca();
  const child = execa(...commandOf(file, args, tied), {
    cancelSignal: signal,
    timeout: timeoutMs,
    reject: false,
    encoding: 'buffer',
    buffer: { stdout: false, stderr: true },
    maxBuffer: OUTPUT_LIMIT_BYTES,
    env: { LC_ALL: 'C', ...env },
    ...inputOption(input),
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (onLine !== undefined) createInterface({ input: child.stderr }).on('line', onLine);
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const result = await child;
    signal.throwIfAborted();
    const stderr = Buffer.from(result.stderr ?? []).toString();
    const { exitCode, signal: killedBy, timedOut, isMaxBuffer, cause } = result;
    const outcome = { exitCode, signal: killedBy, timedOut, isMaxBuffer, cause, stderr };
    if (result.failed) throw commandFailed(file, args, outcome);
  } finally {
    child.kill();
  }
}

export type LaunchOptions = {
  /** Descriptors or files for stdin, stdout, stderr and what follows. */
  stdio: readonly (number | 'ignore')[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  uid?: number;
  gid?: number;
};

/**
 * Starts a process that outlives the request and this service: in a session of its own, tied to nothing of
 * ours. Answers when it runs, or throws with the reason why it could not be started.
 */
export async function launch(
  file: string,
  args: readonly string[],
  options: LaunchOptions,
): Promise<ChildProcess & { pid: number }> {
  const child = spawn(file, args, { ...options, stdio: [...options.stdio], detached: true });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new BangerError('COMMAND_FAILED', `${file} could not be started`, { cause });
  }
  if (child.pid === undefined) throw new BangerError('COMMAND_FAILED', `${file} has no process id`);
  child.unref();
  return Object.assign(child, { pid: child.pid });
}
