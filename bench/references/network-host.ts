import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Client, createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { LOCAL_ACCOUNT, type Paths, type ServiceName, socketPath } from '#kit/paths.ts';
import { formatServiceArguments, nodeFlags } from '#kit/service-arguments.ts';
import { NetworkServiceDefinition } from '#proto/banger/v1/network.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import { quantile } from '../measure.ts';
import type { Sample } from '../row.ts';

// A host with netd and rootd, in namespaces of its own: node network-host.ts ROOTD NETD. Each line that it reads is
// the name of a measurement, and each line that it writes a sample; see bench/own-namespaces.ts.
const [rootd = '', netd = ''] = process.argv.slice(2);
const UID = 61_203;
const IN_A_ROW = 100;
const AT_ONCE = 20;
/** More than are in use at once, and not more than netd keeps ready. */
const READY = 32;
const PATHS: Paths = {
  mode: 'local',
  runtime: '/run/banger-local',
  state: '/run/state',
  cache: '/run/cache',
  logs: '/run/logs',
  config: '/run/config.toml',
};
const tool = promisify(execFile);

async function prepareHost(): Promise<void> {
  await tool('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  await tool('ip', ['link', 'set', 'lo', 'up']);
  for (const folder of [PATHS.runtime, PATHS.state, PATHS.cache, PATHS.logs]) {
    mkdirSync(folder);
    chownSync(folder, UID, UID);
  }
  // Records are written to a disk as they would be, not to memory.
  await tool('mount', ['--bind', process.cwd(), PATHS.state]);
  chownSync(PATHS.state, UID, UID);
  writeFileSync(PATHS.config, `[netd]\ntap_pool = ${READY}\nroute_resolver = false\n`);
  const account = `${LOCAL_ACCOUNT}:x:${UID}:${UID}`;
  writeFileSync('/run/passwd', `root:x:0:0::/root:/bin/sh\n${account}::/nonexistent:/bin/false\n`);
  writeFileSync('/run/group', `root:x:0:\n${LOCAL_ACCOUNT}:x:${UID}:\n`);
  await tool('mount', ['--bind', '/run/passwd', '/etc/passwd']);
  await tool('mount', ['--bind', '/run/group', '/etc/group']);
}

function startService(service: ServiceName, program: string): ChildProcess {
  const account = service === 'rootd' ? {} : { uid: UID, gid: UID };
  const args = [...nodeFlags(service), program, ...formatServiceArguments(PATHS, 0)];
  return spawn(process.execPath, args, {
    ...{ ...account, cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] },
  });
}

type Network = Client<typeof NetworkServiceDefinition>;

/** Answers when the pool is full, so that no tap is made while a measurement runs. */
async function connect(): Promise<Network> {
  const socket = socketPath(PATHS, 'netd');
  const connection = openConnection({ socket, service: 'netd', patienceMs: 20_000 });
  const network = createClient(NetworkServiceDefinition, connection);
  while (((await network.getNetworkStatus({})).bridge?.tapsReady ?? 0) < READY) await sleep(20);
  return network;
}

/** All that a VM's network costs from its creation to its end. */
async function passThrough(network: Network, number: number): Promise<void> {
  const vmId = number.toString(16).padStart(16, '0');
  const wish = { vmId, vmName: `vm-${number}`, mode: NetworkMode.BRIDGE, nat: true };
  await network.acquireLease(wish);
  await network.attachLease({ vmId });
  await network.releaseLease({ vmId });
}

/** The same links and neighbour by hand. */
async function runBatch(lines: readonly string[]): Promise<void> {
  const child = spawn('ip', ['-batch', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
  const said = text(child.stderr);
  child.stdin.end(`${lines.join('\n')}\n`);
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`ip ended with ${status}: ${await said}`);
}

function wholeTap(number: number): readonly string[] {
  const tap = `hand-${number}`;
  return [
    `tuntap add dev ${tap} mode tap`,
    `link set dev ${tap} master br-banger`,
    `link set dev ${tap} type bridge_slave isolated on`,
    `link set dev ${tap} up`,
    ...neighbour(number),
    `link del dev ${tap}`,
  ];
}

function neighbour(number: number): readonly string[] {
  const address = `172.30.200.${number + 1}`;
  return [
    `neigh replace ${address} lladdr 02:00:ac:1e:c8:01 dev br-banger`,
    `neigh del ${address} dev br-banger`,
  ];
}

type Work = (number: number) => Promise<void>;

async function inARow(work: Work): Promise<Sample> {
  const timesMs: number[] = [];
  for (let number = 0; number < IN_A_ROW; number++) timesMs.push(await time(() => work(number)));
  return { value: quantile(timesMs, 0.5), beside: quantile(timesMs, 0.99) };
}

async function atOnce(work: Work): Promise<Sample> {
  const numbers = Array.from({ length: AT_ONCE }, (_, number) => number);
  let timesMs: number[] = [];
  const allMs = await time(async () => {
    timesMs = await Promise.all(numbers.map((number) => time(() => work(number))));
  });
  return { value: allMs / AT_ONCE, beside: quantile(timesMs, 1) };
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

await prepareHost();
const services = [startService('rootd', rootd), startService('netd', netd)];
const network = await connect();
const WORKS: Readonly<Record<string, Work>> = {
  banger: (number) => passThrough(network, number),
  tap: (number) => runBatch(wholeTap(number)),
  neighbour: (number) => runBatch(neighbour(number)),
};
process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [manner, name = ''] = line.split(' ');
  const work = WORKS[name];
  if (work === undefined) throw new Error(`there is no measurement "${line}"`);
  const sample = await (manner === 'at-once' ? atOnce(work) : inARow(work));
  process.stdout.write(`${JSON.stringify(sample)}\n`);
}
for (const service of services.reverse()) {
  const ended = once(service, 'exit');
  service.kill('SIGTERM');
  await ended;
}
process.exit(0);
