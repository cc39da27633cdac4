import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { parseVmId } from '#kit/names.ts';
import { callOf } from '#kit/testing/call-of.ts';
import { until } from '#kit/testing/until.ts';
import type { GuestConnection } from '../domain/guest.ts';
import type { PublishedPort } from '../domain/vm.ts';
import { createPublisher } from './publisher.ts';

const VM = parseVmId('0123456789abcdef');
const OTHER = parseVmId('fedcba9876543210');
const TCP: PublishedPort = {
  protocol: 'tcp',
  hostAddress: '127.0.0.1',
  hostPort: 0,
  guestPort: 80,
};
const UDP: PublishedPort = { ...TCP, protocol: 'udp', guestPort: 53 };

function openPublisher(t: TestContext) {
  const publisher = createPublisher(() => callOf());
  t.after(() => Promise.all([VM, OTHER].map((vmId) => publisher.closeAll(vmId))));
  return publisher;
}

function toConnection(stream: Duplex): GuestConnection {
  return {
    read: () => stream as AsyncIterable<Buffer>,
    async write(data) {
      if (!stream.write(data)) await once(stream, 'drain');
    },
    end: async () => void stream.end(),
    close: () => void stream.destroy(),
  };
}

/** What dials a program in the guest, which sees its own end of each connection. */
function guestProgram(serve: (connection: Duplex) => void) {
  return async () => {
    const [near, far] = duplexPair();
    far.on('error', () => far.destroy());
    serve(far);
    return toConnection(near);
  };
}

const echo = guestProgram((connection) => void connection.pipe(connection));

function dialHost(t: TestContext, { hostPort }: PublishedPort): Socket {
  const socket = connect({ port: hostPort, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  return socket;
}

test('bytes go both ways, and the end of one way is not the end of the other', async (t) => {
  const program = guestProgram((connection) => {
    void text(connection).then((got) => connection.end(`got ${got.length}`));
  });
  const port = await openPublisher(t).open(VM, TCP, program);
  const socket = dialHost(t, port);
  socket.end(Buffer.alloc(1_000_000, 'x'));
  assert.equal(await text(socket), 'got 1000000');
});

test('200 connections at once do not mix', async (t) => {
  const port = await openPublisher(t).open(VM, TCP, echo);
  const numbers = Array.from({ length: 200 }, (_, at) => at);
  const sockets = numbers.map(() => dialHost(t, port));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const [at, socket] of sockets.entries()) socket.end(`number ${at}`);
  const answers = await Promise.all(sockets.map((socket) => text(socket)));
  assert.deepEqual(
    answers,
    numbers.map((at) => `number ${at}`),
  );
});

test('a reader that is slow holds the guest back', async (t) => {
  const PIECE = Buffer.alloc(64 * 1024);
  let taken = 0;
  const flood = guestProgram((connection) => {
    const more = () => {
      while (taken < 2 ** 30) {
        taken += PIECE.length;
        if (!connection.write(PIECE)) break;
      }
    };
    connection.on('drain', more);
    more();
  });
  const port = await openPublisher(t).open(VM, TCP, flood);
  const socket = dialHost(t, port).pause();
  await once(socket, 'connect');
  let before = -1;
  await until(async () => {
    const held = taken === before;
    before = taken;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return held && taken > 0;
  });
  assert.ok(taken < 2 ** 26, `${taken} bytes were taken from the guest and read by nobody`);
});

test('a port of the guest where nobody listens ends the connection', async (t) => {
  const refuse = () => Promise.reject(new Error('nobody listens'));
  const port = await openPublisher(t).open(VM, TCP, refuse);
  assert.equal(await text(dialHost(t, port)), '');
});

test('datagrams are answered to whoever sent them', async (t) => {
  const port = await openPublisher(t).open(VM, UDP, echo);
  const peers = await Promise.all(['a', 'b'].map((name) => openPeer(t, name)));
  for (const { name, socket } of peers) socket.send(name, port.hostPort, '127.0.0.1');
  for (const { name, heard } of peers) assert.equal(String(await heard), name);
});

async function openPeer(t: TestContext, name: string) {
  const socket: UdpSocket = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => socket.close());
  await once(socket, 'listening');
  return { name, socket, heard: once(socket, 'message').then(([data]) => data) };
}

test('what is too much for a datagram is lost, and the port goes on', async (t) => {
  const program = guestProgram((connection) => {
    connection.on('data', (data) => {
      connection.write(Buffer.alloc(70_000));
      setImmediate(() => connection.write(data));
    });
  });
  const port = await openPublisher(t).open(VM, UDP, program);
  const { socket, heard } = await openPeer(t, 'a');
  socket.send('after that', port.hostPort, '127.0.0.1');
  assert.equal(String(await heard), 'after that');
});

test('a port that is taken is refused with the word of the system', async (t) => {
  const publisher = openPublisher(t);
  for (const wanted of [TCP, UDP]) {
    const first = await publisher.open(VM, wanted, echo);
    const second = publisher.open(OTHER, { ...wanted, hostPort: first.hostPort }, echo);
    await assert.rejects(second, { code: 'EADDRINUSE' });
  }
});

test('the end of a vm closes its ports and connections, and no others', async (t) => {
  const publisher = openPublisher(t);
  const [gone, kept] = [
    await publisher.open(VM, TCP, echo),
    await publisher.open(OTHER, TCP, echo),
  ];
  const socket = dialHost(t, gone);
  socket.write('hello');
  assert.equal(String((await once(socket, 'data'))[0]), 'hello');
  await publisher.closeAll(VM);
  assert.equal(await text(socket), '');
  const late = dialHost(t, gone);
  await assert.rejects(once(late, 'connect'), { code: 'ECONNREFUSED' });
  const other = dialHost(t, kept);
  other.end('still here');
  assert.equal(await text(other), 'still here');
});

test('a closed port is free at once for another program', async (t) => {
  const publisher = openPublisher(t);
  const opened = await publisher.open(VM, TCP, echo);
  await publisher.close(VM, opened);
  const server = createServer().listen(opened.hostPort, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  assert.equal((server.address() as AddressInfo).port, opened.hostPort);
});
