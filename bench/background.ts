import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from './row.ts';

export type Program = {
  /** The Node of the benchmark without it. */
  file?: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** It runs when this accepts a connection; a program without a socket runs once it is started. */
  socket?: string;
  /** Who it runs as; only root can say. */
  uid?: number;
};

/** A program that runs until it is stopped, or until the row is over. */
export type Background = { pid: number; stop(): Promise<void> };

const START_MS = 20_000;
const STOP_MS = 15_000;
const LOOK_MS = 1;

/** Starts a Node program in the background and answers when it runs. */
export async function startBackground(scope: Scope, program: Program): Promise<Background> {
  const { file = process.execPath, args, env, socket, uid } = program;
  const identity = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'], ...identity });
  const stop = () => end(child);
  scope.cleanup.defer(stop);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const deadline = performance.now() + START_MS;
  while (socket !== undefined && !(await accepts(socket))) {
    if (hasEnded(child) || performance.now() > deadline) {
      throw new Error(`${args.join(' ')} did not start: ${said}`);
    }
    await sleep(LOOK_MS);
  }
  if (child.pid === undefined) throw new Error(`${file} could not be started`);
  return { pid: child.pid, stop };
}

async function accepts(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
