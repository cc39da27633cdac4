import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '#kit/client.ts';
import { type Connection, openConnection } from '#kit/connection.ts';
import { localPaths, type Paths, type ServiceName, socketPath } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { formatServiceArguments } from '#kit/service-arguments.ts';
import { InfoServiceDefinition } from '#proto/banger/v1/info.ts';
import { findLeftovers } from './leftovers.ts';
import { type ServiceProcess, spawnService, untilListening } from './service-process.ts';

export type HouseOptions = {
  mode?: Paths['mode'];
  /** Whose services these are, in local mode; the account that runs the test unless told otherwise. */
  owner?: number;
  /** Content of the configuration file. */
  config?: string;
};

export type StartOptions = {
  /** Another program in the place of the service's own, from test/integration/fixtures. */
  program?: string;
  /** What runs it, such as setpriv with its arguments. */
  through?: readonly string[];
  env?: Readonly<Record<string, string>>;
};

/** A set of services with folders of their own, from sources, as the CLI or systemd would start them. */
export type House = {
  readonly folder: string;
  readonly paths: Paths;
  /** Starts a service and answers when it accepts connections. */
  start(name: ServiceName, options?: StartOptions): Promise<ServiceProcess>;
  /** Starts a process that may fail to become a service. */
  spawn(name: ServiceName, options?: StartOptions): ServiceProcess;
  /** A connection that waits for nobody. */
  connect(name: ServiceName): Connection;
  getInfo(name: ServiceName): Promise<{ service: string; pid: number }>;
};

const root = programRoot();
const ownUid = process.getuid?.() ?? 0;

/** Ends with the test: every service is stopped, and whatever one of them left is a failure. */
export function openHouse(t: TestContext, options: HouseOptions = {}): House {
  const folder = mkdtempSync(join(tmpdir(), 'banger-'));
  const services: ServiceProcess[] = [];
  t.after(() => closeHouse(folder, services));
  const paths = makePaths(folder, options);
  const owner = options.owner ?? ownUid;

  const spawn = (name: ServiceName, { program, through = [], env }: StartOptions = {}) => {
    const entry = program ?? `services/${name}/main.ts`;
    const service = spawnService({
      through,
      command: [process.execPath, join(root, entry), ...formatServiceArguments(paths, owner)],
      env: { ...environment(folder), ...env },
      socket: socketPath(paths, name),
      logFile: join(paths.logs, `${name}.log`),
    });
    services.push(service);
    return service;
  };

  const connect = (name: ServiceName) => {
    const socket = socketPath(paths, name);
    const connection = openConnection({ socket, service: name, patienceMs: 0 });
    t.after(() => connection.close());
    return connection;
  };

  return {
    folder,
    paths,
    spawn,
    connect,
    async start(name, start) {
      const service = spawn(name, start);
      await untilListening(service);
      return service;
    },
    getInfo: (name) => createClient(InfoServiceDefinition, connect(name)).getInfo({}),
  };
}

function makePaths(folder: string, { mode = 'local', config }: HouseOptions): Paths {
  mkdirSync(join(folder, 'tmp'));
  const paths = {
    mode,
    // Where the command of whoever runs the test looks for sockets.
    runtime: localPaths({ HOME: folder, XDG_RUNTIME_DIR: folder }, ownUid).runtime,
    state: join(folder, 'state'),
    cache: join(folder, 'cache'),
    logs: join(folder, 'logs'),
    config: join(folder, 'config.toml'),
  };
  if (config !== undefined) writeFileSync(paths.config, config);
  return paths;
}

/** Nothing of the environment of whoever runs the tests but what finds programs, and what makes starts quick. */
function environment(folder: string): Record<string, string> {
  const { PATH = '/usr/sbin:/usr/bin:/sbin:/bin', NODE_COMPILE_CACHE } = process.env;
  return {
    PATH,
    TMPDIR: join(folder, 'tmp'),
    ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }),
  };
}

async function closeHouse(folder: string, services: readonly ServiceProcess[]): Promise<void> {
  try {
    await Promise.all(services.map(endNow));
    assert.deepEqual(findLeftovers(folder), [], 'the services left something behind');
  } finally {
    for (const service of services) service.signal('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The second signal is for a service that still waits for a call which a failed test left open. */
async function endNow(service: ServiceProcess): Promise<void> {
  service.signal('SIGTERM');
  const ended = await Promise.race([service.exited, sleep(2000)]);
  if (ended === undefined) service.signal('SIGTERM');
  await service.exited;
}
