import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { socketPath } from '#kit/paths.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import { startBackground } from '../background.ts';
import { makeEnvironment, startService } from '../environment.ts';
import { quantile } from '../measure.ts';
import { referenceFile } from '../reference-file.ts';
import type { Contest, Row, Sample, Scope } from '../row.ts';

export const rpcUnary: Row = {
  name: 'rpc-unary',
  subject: 'one call of vmd, p50',
  references: [{ name: 'JSON over HTTP/1 in plain Node, p50' }],
  figure: { name: 'p50', unit: 'µs' },
  beside: { name: 'p99', unit: 'µs' },
  rounds: 15,
  warmUps: 3,
  note: "500 calls after one another over one connection, through the kit's client and server, list of machines from the database and log line included. The reference answers a constant.",
  prepare,
};

const CALLS = 500;

async function prepare(scope: Scope): Promise<Contest> {
  const environment = makeEnvironment(scope);
  await startService(scope, environment, 'vmd');
  const connection = openConnection({
    socket: socketPath(environment.paths, 'vmd'),
    service: 'vmd',
    patienceMs: 0,
  });
  scope.cleanup.defer(() => connection.close());
  const vmd = createClient(VmServiceDefinition, connection);
  const askHttp = await startHttp(scope);
  return {
    subject: () => timeCalls(() => vmd.listVms({})),
    references: [() => timeCalls(askHttp)],
  };
}

async function startHttp(scope: Scope): Promise<() => Promise<unknown>> {
  const socketPath = join(scope.folder, 'http.sock');
  const args = [referenceFile('http-server.ts'), socketPath];
  await startBackground(scope, { args, env: { HOME: scope.folder }, socket: socketPath });
  const agent = new Agent({ keepAlive: true });
  scope.cleanup.defer(() => agent.destroy());
  return () => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    get({ socketPath, path: '/vms', agent }, (response) => resolve(json(response))).on(
      'error',
      reject,
    );
    return promise;
  };
}

async function timeCalls(call: () => Promise<unknown>): Promise<Sample> {
  const timesUs: number[] = [];
  for (let done = 0; done < CALLS; done += 1) {
    const startedAt = performance.now();
    await call();
    timesUs.push((performance.now() - startedAt) * 1000);
  }
  return { value: quantile(timesUs, 0.5), beside: quantile(timesUs, 0.99) };
}
