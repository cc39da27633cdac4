import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { failsWith } from './testing/fails-with.ts';
import { startGreetedGuest } from './testing/greeted-guest.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

/** A server of the test's own; what it accepts is handled by `serve`. */
async function listen(
  t: TestContext,
  where: string | { host: string },
  serve: (socket: Socket) => void,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, serve);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => socket.destroy())));
  if (typeof where === 'string') server.listen(where);
  else server.listen(0, where.host);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const echo = (socket: Socket) => void socket.pipe(socket);

test('a TCP connection carries both directions and half-closes', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const server = await listen(t, { host: '127.0.0.1' }, (socket) => {
    void text(socket).then((got) => socket.end(`got ${got.length}`));
  });
  const connection = await guest.dialTcp('127.0.0.1', portOf(server));
  connection.end(Buffer.alloc(1_000_000, 'x'));
  assert.equal(await text(connection), 'got 1000000');
});

test('localhost means both loopbacks', async (t) => {
  const { guest } = await startGreetedGuest(t);
  for (const host of ['127.0.0.1', '::1']) {
    const server = await listen(t, { host }, echo);
    const connection = await guest.dialTcp('localhost', portOf(server));
    connection.end('hello');
    assert.equal(await text(connection), 'hello');
  }
});

test('a Unix socket is dialled by its path', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const path = join(temporaryFolder(t), 'sock');
  await listen(t, path, echo);
  const connection = await guest.dialUnix(path);
  connection.end('hello');
  assert.equal(await text(connection), 'hello');
});

test('a connection that nobody takes is refused with the reason', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const server = await listen(t, { host: '127.0.0.1' }, echo);
  const port = portOf(server);
  server.close();
  const refused = failsWith('GUEST_UNREACHABLE', /port \d+ of "localhost".*Connection refused/);
  await assert.rejects(guest.dialTcp('localhost', port), refused);
  await assert.rejects(
    guest.dialTcp('example.org', 80),
    failsWith('INVALID_FIELD', /neither an IP/),
  );
  await assert.rejects(guest.dialUnix('/no/such'), failsWith('INVALID_FIELD', /"\/no\/such"/));
  await assert.rejects(guest.dialUnix('relative'), failsWith('INVALID_FIELD', /not an absolute/));
});

test('datagrams stay whole, empty and large ones too', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const server = createSocket('udp4');
  t.after(() => server.close());
  server.on('message', (message, from) => server.send(message, from.port, from.address));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = await guest.dialUdp('localhost', server.address().port);
  for (const size of [1, 0, 65_507, 1400]) {
    connection.write(Buffer.alloc(size, 'x'));
    const [answer] = (await once(connection, 'data')) as [Buffer];
    assert.equal(answer.length, size);
  }
  connection.destroy();
});

test('two hundred connections at once keep their bytes apart', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const server = await listen(t, { host: '127.0.0.1' }, echo);
  const all = Array.from({ length: 200 }, async (_, at) => {
    const connection = await guest.dialTcp('127.0.0.1', portOf(server));
    const sent = Buffer.alloc(20_000 + at, `${at},`);
    connection.end(sent);
    assert.deepEqual(await buffer(connection), sent);
  });
  await Promise.all(all);
});

test('a connection given up here is closed in the guest', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const closed = Promise.withResolvers<void>();
  const server = await listen(t, { host: '127.0.0.1' }, (socket) => {
    socket.resume().on('close', () => closed.resolve());
    socket.on('end', () => socket.end());
  });
  const connection = await guest.dialTcp('127.0.0.1', portOf(server));
  connection.destroy();
  await closed.promise;
});

test('a service that resets the connection ends it here', async (t) => {
  const { guest } = await startGreetedGuest(t);
  // Not at once: a reset before the guest has looked is a connection that was never made.
  const server = await listen(t, { host: '127.0.0.1' }, (socket) => {
    socket.once('data', () => socket.resetAndDestroy());
  });
  const connection = await guest.dialTcp('127.0.0.1', portOf(server));
  connection.write('x');
  assert.equal(await text(connection), '');
  connection.destroy();
});

test('more streams than the agent keeps are refused, the others go on', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const dials = Array.from({ length: 520 }, () => guest.dialUdp('127.0.0.1', 9));
  const results = await Promise.allSettled(dials);
  const refused = results.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 8);
  const [first] = refused;
  assert.match(String(first?.status === 'rejected' && first.reason), /more than 512 streams/);
  for (const result of results) if (result.status === 'fulfilled') result.value.destroy();
  await guest.ping();
});
