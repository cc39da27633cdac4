import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import type { GuestConnection } from '../domain/guest.ts';
import type { Dial, Publisher } from '../domain/ports.ts';
import type { PublishedPort } from '../domain/vm.ts';

type Open = { port: PublishedPort; close(): Promise<void> };

const UDP_FLOWS = 256;
const UDP_IDLE_MS = 60_000;

/** Listens on the host for published ports and carries what comes to the guest's agent. */
export function createPublisher(backgroundCall: () => Call): Publisher {
  const open = new Map<VmId, Open[]>();
  const closeWhere = async (vmId: VmId, which: (port: PublishedPort) => boolean) => {
    const all = open.get(vmId) ?? [];
    const left = all.filter(({ port }) => !which(port));
    if (left.length === 0) open.delete(vmId);
    else open.set(vmId, left);
    await Promise.all(all.filter(({ port }) => which(port)).map((entry) => entry.close()));
  };
  return {
    async open(vmId, port, dial) {
      const entry = await (port.protocol === 'tcp' ? openTcp : openUdp)(
        port,
        dial,
        backgroundCall(),
      );
      open.set(vmId, [...(open.get(vmId) ?? []), entry]);
      return entry.port;
    },
    close: (vmId, wanted) =>
      closeWhere(
        vmId,
        ({ protocol, guestPort, hostPort }) =>
          protocol === wanted.protocol &&
          guestPort === wanted.guestPort &&
          (wanted.hostPort === 0 || hostPort === wanted.hostPort),
      ),
    closeAll: (vmId) => closeWhere(vmId, () => true),
  };
}

async function openTcp(port: PublishedPort, dial: Dial, call: Call): Promise<Open> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    carry(socket, dial, call).catch((error: unknown) => {
      call.log.debug('published connection ended', { port: port.hostPort, error });
      socket.destroy();
    });
  });
  server.listen({ host: port.hostAddress, port: port.hostPort });
  await once(server, 'listening');
  // A connection that cannot be accepted, for want of descriptors, is lost; the port stays.
  server.on('error', (error) => call.log.warn('connection lost', { port: port.hostPort, error }));
  const address = server.address();
  const hostPort = typeof address === 'object' && address !== null ? address.port : port.hostPort;
  return {
    port: { ...port, hostPort },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Both directions at once, each with the other side's pace; one end's end is passed on, not taken for both. */
async function carry(socket: Socket, dial: Dial, call: Call): Promise<void> {
  // What goes wrong on the socket shows in its stream, where it is caught.
  socket.on('error', () => undefined);
  const connection = await dial(call);
  try {
    await Promise.all([inward(socket, connection), outward(connection, socket)]);
  } finally {
    connection.close();
  }
}

async function inward(socket: Socket, connection: GuestConnection): Promise<void> {
  for await (const chunk of socket) await connection.write(chunk);
  await connection.end();
}

async function outward(connection: GuestConnection, socket: Socket): Promise<void> {
  for await (const chunk of connection.read()) {
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
}

async function openUdp(port: PublishedPort, dial: Dial, call: Call): Promise<Open> {
  const socket = createSocket(port.hostAddress.includes(':') ? 'udp6' : 'udp4');
  socket.bind(port.hostPort, port.hostAddress);
  await once(socket, 'listening');
  // What a guest sends may be more than a datagram can be: its loss, and nobody else's.
  socket.on('error', (error) => call.log.debug('datagram lost', { port: port.hostPort, error }));
  const flows = createUdpFlows(socket, dial, call);
  socket.on('message', (data, from) => flows.take(data, from));
  return {
    port: { ...port, hostPort: socket.address().port },
    async close() {
      flows.close();
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

type Flow = { connection: Promise<GuestConnection>; timer: NodeJS.Timeout };

/** One connection into the guest for each peer that sends; datagrams may be lost, so nothing is queued for long. */
function createUdpFlows(socket: UdpSocket, dial: Dial, call: Call) {
  const flows = new Map<string, Flow>();
  const end = (key: string) => {
    const flow = flows.get(key);
    flows.delete(key);
    clearTimeout(flow?.timer);
    void flow?.connection.then((connection) => connection.close()).catch(() => undefined);
  };
  const begin = (key: string, { address, port }: RemoteInfo): Flow => {
    const connection = dial(call);
    const answer = async () => {
      for await (const data of (await connection).read()) socket.send(data, port, address);
    };
    answer()
      .catch((error: unknown) => call.log.debug('published flow ended', { port, error }))
      .finally(() => end(key));
    const flow = { connection, timer: setTimeout(() => end(key), UDP_IDLE_MS).unref() };
    flows.set(key, flow);
    return flow;
  };
  return {
    take(data: Buffer, from: RemoteInfo) {
      const key = `${from.address} ${from.port}`;
      const known = flows.get(key);
      if (known === undefined && flows.size >= UDP_FLOWS) return;
      const flow = known ?? begin(key, from);
      flow.timer.refresh();
      flow.connection
        .then((connection) => connection.write(data))
        .catch((error: unknown) => call.log.debug('datagram dropped', { error }));
    },
    close: () => {
      for (const key of [...flows.keys()]) end(key);
    },
  };
}
