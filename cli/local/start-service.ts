import { chownSync, closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BangerError } from '#kit/errors.ts';
import { launch } from '#kit/exec.ts';
import {
  type Environment,
  type Paths,
  type ServiceName,
  servicePaths,
  socketPath,
} from '#kit/paths.ts';
import { ensurePrivateFolder } from '#kit/private-folder.ts';
import { EXIT_ALREADY_SERVED, formatServiceArguments, nodeFlags } from '#kit/service-arguments.ts';
import { ensureLocalAccount } from './account.ts';
import { copyProgram, type Program, programInPlace } from './program.ts';
import { findServiceProcess } from './service-process.ts';

export type LocalMode = {
  paths: Paths;
  uid: number;
  env: Environment;
  /** The Node that runs this command runs the services too. */
  node: string;
  note(text: string): void;
  signal: AbortSignal;
};

/** Who the services run as when root starts them. rootd alone stays root. */
type Runner = { uid: number; gid: number } | undefined;

export type StartService = (service: ServiceName) => Promise<void>;

/** Starts services of this user in the background; what all of them need is prepared once. */
export function createServiceStarter(local: LocalMode): StartService {
  let prepared: Promise<Prepared> | undefined;
  const starting = new Map<ServiceName, Promise<void>>();
  const start = (service: ServiceName): Promise<void> => {
    prepared ??= prepare(local);
    const started =
      starting.get(service) ?? prepared.then((ready) => startService(local, ready, service));
    starting.set(service, started);
    return started.finally(() => starting.delete(service));
  };
  return async (service) => {
    const needed = (NEEDS[service] ?? []).filter(
      (other) => findServiceProcess(local.paths, other) === undefined,
    );
    await Promise.all([service, ...needed].map(start));
  };
}

/** The services that another one calls. */
const NEEDS: Partial<Record<ServiceName, readonly ServiceName[]>> = { vmd: ['imaged', 'netd'] };

type Prepared = { program: Program; runner: Runner };

async function prepare(local: LocalMode): Promise<Prepared> {
  const runner = local.uid === 0 ? await ensureLocalAccount(local.note, local.signal) : undefined;
  try {
    prepareFolders(local, runner);
  } catch (cause) {
    throw noFolders(cause);
  }
  return { program: programFor(local), runner };
}

/**
 * Answers when the service's socket is there. Two commands may start one service at once: the service that
 * finds the lock taken ends by itself, and both commands reach the other one. That may also be one that was told to
 * end and lets its calls finish: it serves nobody new, so what comes after it is started here.
 */
async function startService(
  local: LocalMode,
  ready: Prepared,
  service: ServiceName,
): Promise<void> {
  const socket = socketPath(local.paths, service);
  // A killed service leaves its socket; the new one's is told from it by its inode and time.
  const before = identityOf(socket);
  const isThere = () => !isOld(socket, before);
  do {
    await launchService(local, ready, service, isThere);
  } while (!(await isServed(local, service, isThere)));
}

/** Waits until the service can be reached, or nobody holds its lock any more. */
async function isServed(
  { paths, note, signal }: LocalMode,
  service: ServiceName,
  isThere: () => boolean,
): Promise<boolean> {
  const socket = socketPath(paths, service);
  const since = performance.now();
  let told = false;
  for (;;) {
    if (isThere() || (await isListening(socket))) return true;
    const pid = findServiceProcess(paths, service);
    if (pid === undefined) return false;
    const waitedMs = performance.now() - since;
    if (waitedMs > LONGEST_END_MS) throw withoutSocket(service, pid);
    if (!told && waitedMs > SILENCE_MS) {
      told = true;
      note(`banger: ${service} was told to end and lets its calls finish; waiting for it`);
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
}

function isListening(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

function withoutSocket(service: ServiceName, pid: number): BangerError {
  return new BangerError(
    'SERVICE_UNAVAILABLE',
    `${service} runs (process ${pid}) and nobody can reach it; end it with: banger daemon stop`,
    { metadata: { service, pid: String(pid) } },
  );
}

/** A service that starts is there sooner. */
const SILENCE_MS = 2000;
/** Longer than a service takes to drain its calls. */
const LONGEST_END_MS = 15_000;

/** Answers when the socket is there, or another process serves it or is about to. */
async function launchService(
  local: LocalMode,
  { program, runner }: Prepared,
  service: ServiceName,
  isThere: () => boolean,
): Promise<void> {
  const paths = servicePaths(local.paths, service);
  const errors = join(startFolder(local.paths), service);
  const errorFile = openSync(errors, 'w', 0o600);
  try {
    const [file = '', ...args] = [
      ...(runner === undefined || service === 'rootd' ? [] : asRunner(runner)),
      program.node,
      ...nodeFlags(service),
      program.main(service),
      ...formatServiceArguments(paths, local.uid),
    ];
    const child = await launch(file, args, {
      stdio: ['ignore', 'ignore', errorFile],
      env: serviceEnvironment(local.env, paths),
      cwd: '/',
    });
    while (!isThere() && child.exitCode === null && child.signalCode === null) {
      await sleep(LOOK_MS);
      local.signal.throwIfAborted();
    }
    const lostRace = child.exitCode === EXIT_ALREADY_SERVED;
    if (!isThere() && !lostRace) throw failedStart(service, errors);
  } finally {
    closeSync(errorFile);
  }
}

/** With the groups of the account, which Node's own way drops: one of them opens /dev/kvm. */
function asRunner({ uid, gid }: NonNullable<Runner>): string[] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups'];
}

const LOOK_MS = 5;

function isOld(socket: string, before: string | undefined): boolean {
  const now = identityOf(socket);
  return now === undefined || now === before;
}

function identityOf(socket: string): string | undefined {
  const found = statSync(socket, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.ino}:${found.ctimeMs}`;
}

function programFor({ uid, node, paths }: LocalMode): Program {
  return uid === 0 ? copyProgram(node, paths) : programInPlace(node);
}

/** A folder that cannot be made is the user's to mend, and no defect. */
function noFolders(cause: unknown): unknown {
  if (cause instanceof BangerError || !(cause instanceof Error)) return cause;
  return new BangerError(
    'HOST_NOT_READY',
    `the folders of the services cannot be made: ${cause.message}; make room there, or set XDG_RUNTIME_DIR, XDG_STATE_HOME and XDG_CACHE_HOME to folders of yours`,
    { cause },
  );
}

/** A root-owned state folder keeps the program in it out of the services' reach; what is theirs lies below. */
function prepareFolders({ paths, uid }: LocalMode, runner: Runner): void {
  mkdirSync(paths.runtime, { recursive: true, mode: 0o700 });
  mkdirSync(join(paths.state, 'program'), { recursive: true, mode: 0o755 });
  const { logs, cache } = servicePaths(paths, 'rootd');
  const ofWhoStarts = [startFolder(paths), ...(runner === undefined ? [] : [logs, cache])];
  for (const folder of ofWhoStarts) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = [paths.runtime, paths.cache, paths.logs];
  const services = ['vmd', 'imaged', 'netd'].map((name) => join(paths.state, name));
  for (const folder of [...own, ...services]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (runner !== undefined) chownSync(folder, runner.uid, runner.gid);
  }
  ensurePrivateFolder(paths.runtime, runner?.uid ?? uid);
}

/** What a service says before it has a log. Not among the logs, where a service could put a link for root to follow. */
export function startFolder(paths: Paths): string {
  return join(paths.state, 'start');
}

const PASSED =
  /^(PATH|LANG|TZ|BANGER_LOG_LEVEL|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(HTTPS?|NO|ALL)_PROXY)$/i;

/** What of the user's environment a service may see. One arena keeps a mostly idle process's heap together. */
function serviceEnvironment(env: Environment, paths: Paths): Record<string, string> {
  const passed = Object.entries(env).filter(([name]) => PASSED.test(name));
  return {
    ...Object.fromEntries(passed.map(([name, value]) => [name, value ?? ''])),
    NODE_COMPILE_CACHE: join(paths.cache, 'compile'),
    MALLOC_ARENA_MAX: '1',
  };
}

/** What the service said makes its failure understandable; a stack trace is in the file for who wants it. */
function failedStart(service: ServiceName, errors: string): BangerError {
  const said = readFileSync(errors, 'utf8').trim();
  const line = said.split('\n').find((text) => /^\w+:|Error/.test(text)) ?? said;
  const why = line.replace(`${service}: `, '');
  return new BangerError('SERVICE_UNAVAILABLE', `${service} did not start: ${why}`, {
    metadata: { service, log: errors },
  });
}
