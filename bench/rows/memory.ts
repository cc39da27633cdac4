import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { SERVICES, type ServiceName, socketPath } from '#kit/paths.ts';
import { InfoServiceDefinition } from '#proto/banger/v1/info.ts';
import { type Background, startBackground } from '../background.ts';
import { type Environment, makeEnvironment, startService } from '../environment.ts';
import { readMemory } from '../process-facts.ts';
import type { Contest, Row, Sample, Scope } from '../row.ts';

export const memory: Row = {
  name: 'memory',
  subject: 'the four services, idle',
  references: [{ name: 'four bare Node processes', atMost: 1.6 }],
  figure: { name: 'RSS', unit: 'MiB' },
  beside: { name: 'PSS', unit: 'MiB' },
  rounds: 7,
  warmUps: 1,
  note: 'Each round starts all anew, asks each service for its information once, waits a second and adds up. RSS counts pages that processes share (most of Node itself) once for each of them; PSS counts them once in all.',
  prepare,
};

const IDLE_MS = 1000;

async function prepare(scope: Scope): Promise<Contest> {
  const environment = makeEnvironment(scope);
  // rootd gives its socket to a group, which only root can do.
  const canRunRootd = process.getuid?.() === 0;
  const services = SERVICES.filter((service) => canRunRootd || service !== 'rootd');
  const bare = { args: ['-e', 'setInterval(() => {}, 1e9)'], env: { HOME: scope.folder } };
  return {
    subject: () => sumUp(services.map((service) => startUsed(scope, environment, service))),
    references: [() => sumUp(services.map(() => startBackground(scope, bare)))],
    ...(canRunRootd
      ? {}
      : { remark: 'Measured with three services and three Nodes: rootd starts as root only.' }),
  };
}

/** A service that has answered once has loaded what it needs for that, as any service in use has. */
async function startUsed(
  scope: Scope,
  environment: Environment,
  service: ServiceName,
): Promise<Background> {
  const background = await startService(scope, environment, service);
  const socket = socketPath(environment.paths, service);
  const connection = openConnection({ socket, service, patienceMs: 0 });
  await createClient(InfoServiceDefinition, connection).getInfo({});
  connection.close();
  return background;
}

async function sumUp(starting: readonly Promise<Background>[]): Promise<Sample> {
  const running = await Promise.all(starting);
  await sleep(IDLE_MS);
  const memories = running.map(({ pid }) => readMemory(pid));
  await Promise.all(running.map(({ stop }) => stop()));
  return {
    value: memories.reduce((sum, { rssMib }) => sum + rssMib, 0),
    beside: memories.reduce((sum, { pssMib }) => sum + pssMib, 0),
  };
}
