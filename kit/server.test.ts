import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createMetrics } from './metrics.ts';
import { message, textOf } from './testing/echo-contract.ts';
import { connectTo, startEcho, startEchoServer } from './testing/echo-server.ts';
import { failsWith } from './testing/fails-with.ts';
import { until } from './testing/until.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** A connection on which nothing of HTTP/2 is spoken unless the test does. */
async function connectRaw(t: TestContext, path: string): Promise<Socket> {
  const socket = connect(path);
  t.after(() => socket.destroy());
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('a peer that is not admitted hears nothing, and the log has its numbers', async (t) => {
  const metrics = createMetrics('echo');
  const { socket, lines } = await startEchoServer(t, { admits: () => false, metrics });
  const raw = await connectRaw(t, socket);
  raw.write(PREFACE);
  assert.deepEqual(await raw.toArray().catch(() => []), []);
  const refused = lines.find(({ message }) => message === 'peer refused');
  assert.equal(refused?.level, 'warn');
  assert.equal(refused?.uid, process.getuid?.());
  assert.equal(refused?.pid, process.pid);
  assert.match(metrics.format(), /method="connect",status="REFUSED"\} 1/);
});

test('a peer is judged at each connection, and a refused one may be admitted later', async (t) => {
  let admitted = false;
  const { socket } = await startEchoServer(t, { admits: () => admitted });
  await assert.rejects(
    connectTo(t, socket).client.say(message('')),
    failsWith('SERVICE_UNAVAILABLE', /./),
  );
  admitted = true;
  assert.equal(textOf(await connectTo(t, socket).client.say(message('hello'))), 'hello');
});

test('a peer that cannot be judged is refused, and the service lives', async (t) => {
  let broken = true;
  const admits = () => {
    if (broken) throw new Error('/etc/group cannot be read');
    return true;
  };
  const { socket, lines } = await startEchoServer(t, { admits });
  await assert.rejects(
    connectTo(t, socket).client.say(message('')),
    failsWith('SERVICE_UNAVAILABLE', /./),
  );
  assert.match(JSON.stringify(lines), /\/etc\/group cannot be read/);
  broken = false;
  assert.equal(textOf(await connectTo(t, socket).client.say(message('hello'))), 'hello');
});

test('a handler knows its caller as the kernel does', async (t) => {
  const { client } = await startEcho(t, {
    implementation: {
      say: async (_request, { call }) => message(`${call.peer.uid} ${call.peer.pid}`),
    },
  });
  const answer = await client.say(message(''));
  assert.equal(textOf(answer), `${process.getuid?.()} ${process.pid}`);
});

test('a method that the peer may not call is refused, and the others are not', async (t) => {
  const { client } = await startEcho(t, { allows: (method) => !method.endsWith('/Say') });
  await assert.rejects(
    client.say(message('')),
    failsWith('PEER_REFUSED', /^uid \d+ may not call \/banger\.testing\.EchoService\/Say$/),
  );
  await assert.rejects(
    Array.fromAsync(client.converse(noMessages())).then(() => client.say(message(''))),
  );
  assert.equal((await Array.fromAsync(client.repeat(message('a b')))).length, 2);
});

test('a request over the limit is refused, and the next one on the connection is not', async (t) => {
  const { client } = await startEcho(t);
  await assert.rejects(
    client.say({ typeUrl: '', value: Buffer.alloc(4 * 2 ** 20) }),
    failsWith('INVALID_FIELD', /larger than max|exceed/i),
  );
  const large = await client.say({ typeUrl: '', value: Buffer.alloc(3 * 2 ** 20) });
  assert.equal(large.value.length, 3 * 2 ** 20);
});

test('an answer over the limit is an error of the call', async (t) => {
  const { client } = await startEcho(t, {
    implementation: { say: async () => ({ value: Buffer.alloc(5 * 2 ** 20) }) },
  });
  await assert.rejects(client.say(message('')));
  assert.equal((await Array.fromAsync(client.repeat(message('a')))).length, 1);
});

test('streams beyond the limit wait until others end', async (t) => {
  const { client, socket } = await startEcho(t);
  const gate = Promise.withResolvers<void>();
  const requests = async function* (text: string) {
    yield message(text);
    await gate.promise;
  };
  let answered = 0;
  const streams = Array.from({ length: 300 }, async (_, index) => {
    for await (const _answer of client.converse(requests(`${index}`))) answered += 1;
  });
  await until(() => answered >= 256);
  await connectTo(t, socket).client.say(message('a round trip'));
  assert.equal(answered, 256);
  gate.resolve();
  await Promise.all(streams);
  assert.equal(answered, 300);
});

test('connections beyond the limit are refused, and there is room again when others end', async (t) => {
  const { socket, lines } = await startEchoServer(t);
  const open: Socket[] = [];
  for (let count = 0; count < 256; count++) open.push(await connectRaw(t, socket));
  const refused = await connectRaw(t, socket);
  refused.resume();
  await once(refused, 'close');
  assert.match(JSON.stringify(lines), /too many connections/);
  for (const each of open) each.destroy();
  const { client } = connectTo(t, socket);
  await until(() => client.say(message('hello')).then(textOf, () => undefined));
});

test('whatever a peer sends, the service lives', async (t) => {
  const { socket } = await startEchoServer(t);
  const frame = (length: number, type: number, flags: number, stream: number) =>
    Buffer.from(
      [length >> 16, length >> 8, length, type, flags, 0, 0, 0, stream].map((n) => n & 255),
    );
  const settings = frame(0, 4, 0, 0);
  const sent = [
    Buffer.alloc(0),
    randomBytes(100_000),
    Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    Buffer.from(PREFACE.slice(0, 10)),
    Buffer.from(PREFACE),
    Buffer.concat([Buffer.from(PREFACE), randomBytes(100_000)]),
    // A frame that claims 16 MiB, data for a stream that was never opened, headers that are no HPACK.
    Buffer.concat([Buffer.from(PREFACE), settings, frame(0xff_ff_ff, 0, 0, 1)]),
    Buffer.concat([Buffer.from(PREFACE), settings, frame(1, 0, 0, 1), Buffer.of(0)]),
    Buffer.concat([Buffer.from(PREFACE), settings, frame(4, 1, 4, 1), Buffer.alloc(4, 0xff)]),
  ];
  for (const bytes of sent) {
    const raw = await connectRaw(t, socket);
    raw.end(bytes);
    raw.resume();
  }
  const { client } = connectTo(t, socket);
  assert.equal(textOf(await client.say(message('hello'))), 'hello');
});

test('a request that is no gRPC, or no message, gets a status and harms nobody', async (t) => {
  const { socket } = await startEchoServer(t);
  const session = connectHttp2('http://localhost', { createConnection: () => connect(socket) });
  t.after(() => session.destroy());
  const requests: [Record<string, string>, Buffer][] = [
    [{ ':path': '/' }, Buffer.alloc(0)],
    [{ ':path': '/x', 'content-type': 'application/json' }, Buffer.from('{}')],
    [{ ':path': '/banger.testing.EchoService/Say' }, Buffer.from([0, 0, 0, 0, 2, 0x0a, 0xff])],
    [{ ':path': '/banger.testing.EchoService/Say' }, Buffer.from([9, 0, 0, 0, 1, 0])],
    [{ ':path': '/banger.testing.EchoService/Say', 'grpc-timeout': 'soon' }, Buffer.alloc(5)],
  ];
  for (const [headers, body] of requests) {
    const type = { 'content-type': 'application/grpc' };
    const stream = session.request({ ':method': 'POST', ...type, ...headers });
    const response = once(stream, 'response');
    stream.on('error', () => stream.destroy());
    stream.end(body);
    stream.resume();
    await response;
  }
  const { client } = connectTo(t, socket);
  assert.equal(textOf(await client.say(message('hello'))), 'hello');
});

test('a peer that is silent keeps nobody from being served', async (t) => {
  const { socket } = await startEchoServer(t);
  for (let count = 0; count < 20; count++) await connectRaw(t, socket);
  assert.equal(textOf(await connectTo(t, socket).client.say(message('hello'))), 'hello');
});

test('draining lets a running call finish, and takes no new ones', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { client, server, socket, lines } = await startEcho(t, {
    implementation: { say: (request) => gate.promise.then(() => request) },
  });
  const answer = client.say(message('finished'));
  await until(() =>
    connectTo(t, socket)
      .client.collect(noMessages())
      .then(() => true),
  );
  const drained = server.drain(60_000);
  await until(() => !existsSync(socket));
  await assert.rejects(
    connectTo(t, socket, 0).client.say(message('')),
    failsWith('SERVICE_UNAVAILABLE', /cannot be reached/),
  );
  gate.resolve();
  assert.equal(textOf(await answer), 'finished');
  await drained;
  assert.equal(lines.filter(({ status }) => status === 'OK').length, 2);
});

test('draining cuts what has not ended when the grace time is over', async (t) => {
  let left = false;
  const { client, server } = await startEcho(t, {
    implementation: {
      async *repeat(_request, { call }) {
        try {
          yield message('begun');
          await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
        } finally {
          left = true;
        }
      },
    },
  });
  const answers = client.repeat(message(''))[Symbol.asyncIterator]();
  await answers.next();
  const cut = assert.rejects(answers.next(), failsWith('SERVICE_UNAVAILABLE', /./));
  await server.drain(50);
  await cut;
  assert.equal(left, true);
});

test('draining does not wait for connections on which nothing runs', async (t) => {
  const { client, server } = await startEcho(t);
  await client.say(message(''));
  await server.drain(2 ** 30);
});

test('draining closes the connection of a peer that never spoke', async (t) => {
  const { server, socket } = await startEchoServer(t);
  const raw = await connectRaw(t, socket);
  raw.resume();
  await Promise.all([once(raw, 'close'), server.drain(20)]);
});

async function* noMessages() {
  yield* [];
}
