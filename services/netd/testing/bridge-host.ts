import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { LOCAL_ACCOUNT, type Paths, type ServiceName, socketPath } from '#kit/paths.ts';
import { formatServiceArguments } from '#kit/service-arguments.ts';
import { prepareNamespaces } from '#kit/testing/own-namespaces.ts';
import { until } from '#kit/testing/until.ts';
import { type Lease, NetworkServiceDefinition } from '#proto/banger/v1/network.ts';

/** Of the account that local services run under; it exists in the namespaces of the test only. */
const UID = 61_203;

const PATHS: Paths = {
  mode: 'local',
  runtime: '/run/banger-local',
  state: '/run/state',
  cache: '/run/cache',
  logs: '/run/logs',
  config: '/run/config.toml',
};

/** Only in the namespaces of a test: a host with a configuration and an account of its own. */
export async function prepareHost(config: string): Promise<void> {
  await prepareNamespaces();
  writeFileSync(PATHS.config, config);
  for (const folder of [PATHS.runtime, PATHS.state, PATHS.cache, PATHS.logs]) {
    mkdirSync(folder, { mode: 0o755 });
    chownSync(folder, UID, UID);
  }
  const home = '/nonexistent:/bin/false';
  writeFileSync(
    '/run/passwd',
    `root:x:0:0::/root:/bin/sh\n${LOCAL_ACCOUNT}:x:${UID}:${UID}::${home}\n`,
  );
  writeFileSync('/run/group', `root:x:0:\n${LOCAL_ACCOUNT}:x:${UID}:\n`);
  await tool('mount', '--bind', '/run/passwd', '/etc/passwd');
  await tool('mount', '--bind', '/run/group', '/etc/group');
}

/** The real program, as `banger daemon start --bridge` starts it. Answers when it listens. */
export async function startProgram(service: ServiceName): Promise<ChildProcess> {
  const main = fileURLToPath(new URL(`../../${service}/main.ts`, import.meta.url));
  const account = service === 'rootd' ? {} : { uid: UID, gid: UID };
  const child = spawn(process.execPath, [main, ...formatServiceArguments(PATHS, 0)], {
    ...{ ...account, cwd: '/' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until(() => child.exitCode !== null || answers(service));
  return child;
}

async function answers(service: ServiceName): Promise<boolean> {
  const connection = openConnection({
    socket: socketPath(PATHS, service),
    service,
    patienceMs: 0,
  });
  try {
    using _held = await connection.hold(AbortSignal.timeout(1000));
    return true;
  } catch {
    // Nobody listens yet, or the socket is a dead process's.
    return false;
  } finally {
    connection.close();
  }
}

/** A namespace behind the host's uplink, with a DNS server on 198.18.0.1 that knows one answer. */
export async function addInternet(): Promise<ChildProcess> {
  await tool('ip', 'netns', 'add', 'inet');
  await tool('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'ext0', 'netns', 'inet');
  await tool('ip', 'addr', 'add', '198.18.0.2/30', 'dev', 'up0');
  await tool('ip', 'link', 'set', 'up0', 'up');
  await tool('ip', 'route', 'add', 'default', 'via', '198.18.0.1');
  await tool('ip', '-n', 'inet', 'addr', 'add', '198.18.0.1/30', 'dev', 'ext0');
  await tool('ip', '-n', 'inet', 'link', 'set', 'ext0', 'up');
  const program = fileURLToPath(new URL('upstream-program.ts', import.meta.url));
  return startReady('ip', 'netns', 'exec', 'inet', process.execPath, program);
}

/** A namespace that stands for a VM: a process holds its tap as a VMM does, and carries the frames. */
export async function addGuest(lease: Lease): Promise<ChildProcess> {
  const { tap, address, prefixLength, gateway, mac } = lease;
  const name = `guest-${tap}`;
  const wire = '/run/wire';
  const source = fileURLToPath(new URL('../../rootd/testing/wire.c', import.meta.url));
  if (!existsSync(wire)) await tool('gcc', '-D_GNU_SOURCE', source, '-o', wire);
  await tool('ip', 'netns', 'add', name);
  const child = await startReady(wire, tap, name, 'eth0');
  const inGuest = (...args: string[]) => tool('ip', '-n', name, ...args);
  await inGuest('link', 'set', 'dev', 'eth0', 'address', mac);
  await inGuest('addr', 'add', `${address}/${prefixLength}`, 'dev', 'eth0');
  await inGuest('link', 'set', 'eth0', 'up');
  await inGuest('route', 'add', 'default', 'via', gateway);
  return child;
}

export function runInGuest({ tap }: Lease, ...command: string[]): Promise<string> {
  return tool('ip', 'netns', 'exec', `guest-${tap}`, ...command);
}

/** Runs a program until it says that it is ready. */
async function startReady(file: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.stdout.resume();
  return child;
}

export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

export function connectNetd() {
  const socket = socketPath(PATHS, 'netd');
  const connection = openConnection({ socket, service: 'netd', patienceMs: 10_000 });
  return { network: createClient(NetworkServiceDefinition, connection), connection };
}

export async function tool(file: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(file, args)).stdout;
}
