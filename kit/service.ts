import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readConfig } from './config-file.ts';
import { takeHandedSocket } from './handed-socket.ts';
import { infoService, type ServiceFacts } from './info.ts';
import { type Libc, loadLibc } from './libc.ts';
import { createLog, LOG_LEVELS, type Log } from './log.ts';
import { openLogFile } from './log-file.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { lockPath, type Paths, type ServiceName, socketPath } from './paths.ts';
import type { Peer } from './peer.ts';
import { ensurePrivateFolder } from './private-folder.ts';
import { holdProcessLock, isHeldByAnother } from './process-lock.ts';
import type { Rpc } from './rpc.ts';
import { type RunningServer, startServer } from './server.ts';
import { EXIT_ALREADY_SERVED, parseServiceArguments } from './service-arguments.ts';
import { oneOf } from './settings.ts';

/** What every service is given when it starts. */
export type Service = {
  readonly name: ServiceName;
  readonly paths: Paths;
  /** uid of the person whose services these are, in local mode. */
  readonly owner: number | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => Date;
};

/** What a service's main gives back: its contract's functions and who may use them. */
export type ServiceParts = {
  rpcs: readonly Rpc[];
  facts: ServiceFacts;
  admits(peer: Peer): boolean;
  allows?(method: string, peer: Peer): boolean;
  socket: { mode: number; gid?: number; handed?: number | undefined };
  /** Runs after the last call has ended. */
  close?(): Promise<void>;
};

const DRAIN_MS = 10_000;
/** After the calls that a start was for, because collecting takes 10 ms. */
const START_GARBAGE_MS = 500;
const LOG_FILE_BYTES = 4 * 2 ** 20;

/** The life of a service process: one per socket, ready when it listens, drained by the first SIGTERM. */
export async function runService(
  name: ServiceName,
  build: (service: Service) => Promise<ServiceParts>,
): Promise<void> {
  let log: Log | undefined;
  try {
    const { paths, owner } = parseServiceArguments(process.argv.slice(2));
    log = openServiceLog(name, paths);
    const service = {
      name,
      paths,
      owner,
      log,
      metrics: createMetrics(name),
      now: () => new Date(),
    };
    await serve(service, build);
  } catch (error) {
    log?.error('service cannot start', { error });
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(isHeldByAnother(error) ? EXIT_ALREADY_SERVED : 1);
  }
}

async function serve(
  service: Service,
  build: (service: Service) => Promise<ServiceParts>,
): Promise<void> {
  const { name, paths, log } = service;
  // The terminal that happened to start a local service may close; the service stays.
  process.on('SIGHUP', () => log.info('hang-up ignored'));
  const libc = loadLibc();
  const socket = socketPath(paths, name);
  const handed = takeHandedSocket(process.env, process.pid);
  if (handed === undefined) makeSocketFolder(name, dirname(socket));
  const lock = lockPath(paths, name);
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  // Kept until the process ends; a lock that is let go earlier could have two owners of one database.
  holdProcessLock(lock, libc);
  const parts = await build(service);
  const listening = listen(service, { ...parts, socket: { ...parts.socket, handed } }, libc);
  endOnSignal(log, listening, parts);
  await listening;
  log.info('service ready', { socket, pid: process.pid });
  setTimeout(dropStartGarbage, START_GARBAGE_MS).unref();
}

/** Who calls rootd has another account, and reaches its socket through a folder of root's. */
function makeSocketFolder(name: ServiceName, folder: string): void {
  ensurePrivateFolder(folder, process.getuid?.() ?? 0, name === 'rootd' ? 0o711 : 0o700);
}

/** A start leaves 4 MiB that V8 would keep in an idle process, as it collects only when memory is asked for. */
function dropStartGarbage(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

function listen(service: Service, parts: ServiceParts, libc: Libc): Promise<RunningServer> {
  const { name, paths, log, metrics, now } = service;
  const path = socketPath(paths, name);
  const countRunning = () => sum(parts.rpcs.map((rpc) => rpc.countRunning?.() ?? 0));
  const facts = { name, paths, socket: path, startedAt: now(), metrics, countRunning };
  const info = infoService(facts, parts.facts);
  return startServer({
    socket: { path, ...parts.socket },
    rpcs: [...parts.rpcs, info],
    log,
    metrics,
    libc,
    admits: parts.admits,
    allows: parts.allows ?? (() => true),
  });
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function openServiceLog(name: ServiceName, paths: Paths): Log {
  const { log_level: configured } = readConfig(paths.config, '', {
    log_level: oneOf(LOG_LEVELS, 'info'),
  });
  const level = LOG_LEVELS.find((known) => known === process.env.BANGER_LOG_LEVEL) ?? configured;
  return createLog({
    level,
    write: logSink(name, paths),
    now: () => new Date(),
    fields: { service: name },
  });
}

/** systemd keeps what an installed service writes; a local one keeps its own bounded file. */
function logSink(name: ServiceName, paths: Paths): (line: string) => void {
  if (paths.mode === 'installed') return (line) => void process.stdout.write(line);
  mkdirSync(paths.logs, { recursive: true, mode: 0o700 });
  return openLogFile(join(paths.logs, `${name}.log`), LOG_FILE_BYTES);
}

/** The first signal drains, a second one ends at once. Guests are not children that a signal would reach. */
function endOnSignal(log: Log, listening: Promise<RunningServer>, parts: ServiceParts): void {
  let draining = false;
  const end = async (signal: NodeJS.Signals) => {
    if (draining) process.exit(1);
    draining = true;
    log.info('service stopping', { signal });
    const server = await listening;
    await server.drain(DRAIN_MS);
    await parts.close?.();
    log.info('service stopped');
    process.exit(0);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    end(signal).catch((error: unknown) => {
      log.error('service stopped badly', { error });
      process.exit(1);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
