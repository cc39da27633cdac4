import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type Server } from 'nice-grpc';
import { callMiddleware } from './call-middleware.ts';
import { healthService } from './health.ts';
import { listenInjected } from './inject.ts';
import type { Libc } from './libc.ts';
import { type Listener, listenOnSocket, type SocketPlace } from './listen.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { formatPeer, type Peer, readPeer } from './peer.ts';
import { reflectionServices } from './reflection.ts';
import { completeImplementation, type Rpc } from './rpc.ts';

export type ServerOptions = {
  socket: SocketPlace;
  rpcs: readonly Rpc[];
  log: Log;
  metrics: Metrics;
  libc: Libc;
  /** May this process connect at all? */
  admits(peer: Peer): boolean;
  /** May it call this method ("/banger.v1.RootService/CreateTaps")? */
  allows(method: string, peer: Peer): boolean;
};

export type RunningServer = {
  /** Takes no new connections, lets running calls finish for the grace time, then cuts them. */
  drain(graceMs: number): Promise<void>;
};

const LIMITS = {
  messageBytes: 4 * 2 ** 20,
  streamsPerConnection: 256,
  connections: 256,
  unaryTimeoutMs: 10 * 60_000,
};

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const stopping = new AbortController();
  const server = buildServer(options, stopping.signal);
  const inject = await listenInjected(server);
  const open = new Set<Socket>();
  const listener = await listenOnSocket(options.socket, {
    onConnection(socket) {
      if (!hasRoom(open, options) || !admit(socket, options)) {
        socket.destroy();
        return;
      }
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      inject(socket);
    },
    onRemoved: (error) => noteRemoval(options, error),
  });
  return { drain: (graceMs) => drain({ server, listener, open, stopping, graceMs }) };
}

function buildServer(options: ServerOptions, stopping: AbortSignal) {
  const server = createServer({
    'grpc.max_receive_message_length': LIMITS.messageBytes,
    'grpc.max_send_message_length': LIMITS.messageBytes,
    'grpc.max_concurrent_streams': LIMITS.streamsPerConnection,
    // The default window of 64 KiB makes bulk streams wait for the peer after every chunk.
    'grpc-node.flow_control_window': 2 ** 20,
  }).use(callMiddleware({ ...options, stopping, unaryTimeoutMs: LIMITS.unaryTimeoutMs }));
  const names = options.rpcs.map(({ definition }) => definition.fullName);
  const health = healthService(names);
  const reflection = reflectionServices([...names, health.definition.fullName]);
  const rpcs = [...options.rpcs, health, ...reflection];
  for (const rpc of rpcs) server.add(rpc.definition, completeImplementation(rpc));
  return server;
}

function noteRemoval({ log, socket: { path } }: ServerOptions, error: unknown): void {
  if (error === undefined) log.warn('socket was removed and made again', { path });
  else log.error('socket is not kept', { path, error });
}

function hasRoom(open: ReadonlySet<Socket>, { log, metrics }: ServerOptions): boolean {
  if (open.size < LIMITS.connections) return true;
  log.warn('too many connections', { limit: LIMITS.connections });
  metrics.countCall('connect', 'REFUSED', 0);
  return false;
}

/** Refuses a process before it is heard. Its credentials go on as the connection's "address". */
function admit(socket: Socket, options: ServerOptions): boolean {
  const { log, metrics } = options;
  // An error here is the peer's going away; grpc-js listens for itself once the socket is injected.
  socket.on('error', (error) => log.debug('connection failed', { error }));
  const peer = findAdmitted(socket, options);
  if (peer === undefined) {
    metrics.countCall('connect', 'REFUSED', 0);
    return false;
  }
  // grpc-js answers getPeer() with remoteAddress as it is when there is no remotePort.
  Object.defineProperty(socket, 'remoteAddress', { value: formatPeer(peer) });
  return true;
}

/** Whoever cannot be judged is refused; an error that left here would end the service. */
function findAdmitted(socket: Socket, { libc, log, admits }: ServerOptions): Peer | undefined {
  try {
    const peer = readPeer(socket, libc);
    if (admits(peer)) return peer;
    log.warn('peer refused', { uid: peer.uid, pid: peer.pid });
  } catch (error) {
    log.error('peer cannot be judged', { error });
  }
  return undefined;
}

type Draining = {
  server: Server;
  listener: Listener;
  open: ReadonlySet<Socket>;
  stopping: AbortController;
  graceMs: number;
};

/**
 * `shutdown` tells every peer to go and closes connections as they fall idle, but returns at once: grpc-js
 * does not count injected connections. The listener's own `close` is what waits for the last one.
 */
async function drain({ server, listener, open, stopping, graceMs }: Draining): Promise<void> {
  const closed = listener.close();
  await server.shutdown();
  await Promise.race([closed, sleep(graceMs, undefined, { ref: false })]);
  stopping.abort();
  for (const socket of open) socket.destroy();
  await closed;
}
