import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

export type Exit = { code: number | null; signal: NodeJS.Signals | null };
export type LogLine = Readonly<Record<string, unknown>>;

export type ServiceStart = {
  /** What runs it, such as setpriv or unshare with their arguments; the service itself comes after. */
  through: readonly string[];
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  socket: string;
  logFile: string;
};

/** A real service in a process of its own. */
export type ServiceProcess = {
  readonly pid: number;
  readonly socket: string;
  readonly exited: Promise<Exit>;
  /** What it wrote to standard error so far. */
  stderr(): string;
  /** Its log, be that a file (local mode) or standard output (under systemd). */
  log(): LogLine[];
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end and answers how it did. */
  stop(): Promise<Exit>;
};

/** Starts a process; it may still fail to become a service. */
export function spawnService(start: ServiceStart): ServiceProcess {
  const [file = '', ...args] = [...start.through, ...start.command];
  const child = spawn(file, args, { env: start.env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const exited = exitOf(child);
  return {
    pid: child.pid ?? 0,
    socket: start.socket,
    exited,
    stderr,
    log: () => linesOf(`${readIfThere(start.logFile)}${stdout()}`),
    signal: (signal) => void child.kill(signal),
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

/** Answers when the service accepts connections; fails with its own words when it ended instead. */
export async function untilListening(service: ServiceProcess): Promise<void> {
  const ended = service.exited.then(({ code, signal }) => {
    throw new Error(`the service ended with ${signal ?? code}: ${service.stderr()}`);
  });
  // Nobody waits for the end of a service that became one.
  ended.catch(() => undefined);
  for (;;) {
    if (await Promise.race([accepts(service.socket), ended])) return;
    await Promise.race([sleep(5), ended]);
  }
}

function accepts(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  const [code, signal] = await once(child, 'close');
  return { code, signal };
}

function collect(stream: Readable): () => string {
  const chunks: string[] = [];
  stream.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  return () => chunks.join('');
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function linesOf(text: string): LogLine[] {
  const lines = text.split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}
