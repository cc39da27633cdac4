import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '#kit/log.ts';
import { frame, unframe } from './dns-exchange.ts';
import type { Respond } from './dns-responder.ts';

const LIMITS = {
  connections: 256,
  connectionsPerSource: 8,
  /** More than any question has. */
  questionBytes: 4096,
  idleMs: 10_000,
  /** A byte now and then keeps a connection from being idle, but not for ever. */
  lifeMs: 60_000,
};

/** A server whose connections are few, short and answered one question after the other. */
export function createTcpServer(respond: Respond, log: Log): { server: Server; cut(): void } {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const source = socket.remoteAddress ?? '';
    const own = [...open].filter(({ remoteAddress }) => remoteAddress === source);
    if (open.size >= LIMITS.connections || own.length >= LIMITS.connectionsPerSource) {
      socket.destroy();
      return;
    }
    open.add(socket);
    const life = setTimeout(() => socket.destroy(), LIMITS.lifeMs);
    socket.setTimeout(LIMITS.idleMs, () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(life);
      open.delete(socket);
    });
    // Errors are the other side's going away, or our own cutting it short.
    socket.on('error', (error) => log.debug('dns connection failed', { source, error }));
    serve(socket, source, respond).catch((error: unknown) => {
      log.debug('dns connection ended', { source, error });
      socket.destroy();
    });
  });
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return { server, cut };
}

/** Reads no further than it has answered, so a sender who does not read is not read from either. */
async function serve(socket: Socket, address: string, respond: Respond): Promise<void> {
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2) {
      if (received.readUInt16BE(0) > LIMITS.questionBytes) return;
      const query = unframe(received);
      if (query === undefined) break;
      const reply = await respond(query, { address, transport: 'tcp' });
      if (reply === undefined) return;
      if (!socket.write(frame(reply))) await drained(socket);
      received = received.subarray(2 + query.length);
    }
  }
}

function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('drain', resolve);
  socket.once('close', () => resolve());
  return promise;
}
