import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createClient } from '../client.ts';
import { openConnection } from '../connection.ts';
import { loadLibc } from '../libc.ts';
import { createMetrics } from '../metrics.ts';
import { type RunningServer, type ServerOptions, startServer } from '../server.ts';
import { EchoDefinition, type EchoImplementation, echo } from './echo-contract.ts';
import { recordedLog } from './recorded-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type EchoOptions = Partial<Omit<ServerOptions, 'log' | 'libc'>> & {
  implementation?: Partial<EchoImplementation>;
};

/** A real server on a real socket in this process, which lets everybody in unless told otherwise. */
export async function startEchoServer(t: TestContext, options: EchoOptions = {}) {
  const socket = options.socket?.path ?? join(temporaryFolder(t), 'echo.sock');
  const { log, lines } = recordedLog();
  const { implementation, ...given } = options;
  const server = await startServer({
    socket: { path: socket, mode: 0o600 },
    rpcs: [{ definition: EchoDefinition, implementation: { ...echo, ...implementation } }],
    log,
    metrics: createMetrics('echo'),
    libc: loadLibc(),
    admits: () => true,
    allows: () => true,
    ...given,
  });
  const drain = onlyOnce(server);
  t.after(() => drain(0));
  return { socket, server: { drain }, lines };
}

/** A client with a connection of its own, as another process would have. */
export function connectTo(t: TestContext, socket: string, patienceMs = 5000) {
  const connection = openConnection({ socket, service: 'echo', patienceMs });
  t.after(() => connection.close());
  return { connection, client: createClient(EchoDefinition, connection) };
}

export async function startEcho(t: TestContext, options: EchoOptions = {}) {
  const { socket, server, lines } = await startEchoServer(t, options);
  return { socket, server, lines, ...connectTo(t, socket) };
}

function onlyOnce(server: RunningServer): RunningServer['drain'] {
  let draining: Promise<void> | undefined;
  return (graceMs) => {
    draining ??= server.drain(graceMs);
    return draining;
  };
}
