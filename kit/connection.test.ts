import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isAbort } from './abort.ts';
import { createClient } from './client.ts';
import { openConnection } from './connection.ts';
import { BangerError } from './errors.ts';
import { run } from './exec.ts';
import { EchoDefinition, message, textOf } from './testing/echo-contract.ts';
import { connectTo, startEcho, startEchoServer } from './testing/echo-server.ts';
import { failsWith } from './testing/fails-with.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const PROGRAM = join(import.meta.dirname, 'testing/echo-program.ts');

const unreachable = failsWith('SERVICE_UNAVAILABLE', /^echo cannot be reached: nothing answers on/);

/** A service in a process of its own, and what it says line by line. */
async function startProgram(t: TestContext, socket: string) {
  const child = spawn(process.execPath, [PROGRAM, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(kill);
  await once(child.stdout, 'data');
  return { called: () => once(child.stdout, 'data'), kill, signal: child.kill.bind(child) };
}

/** Something that listens and is no service. */
async function listenOn(t: TestContext, server: Server): Promise<string> {
  const socket = join(temporaryFolder(t), 'other.sock');
  server.listen(socket);
  await once(server, 'listening');
  t.after(() => server.close());
  return socket;
}

test('calls that are made at once share one connection', async (t) => {
  let connections = 0;
  const admits = () => {
    connections += 1;
    return true;
  };
  const { client } = await startEcho(t, { admits });
  await Promise.all(Array.from({ length: 20 }, () => client.say(message(''))));
  await client.say(message(''));
  assert.equal(connections, 1);
});

test('a service that comes a little later is waited for', async (t) => {
  const socket = join(temporaryFolder(t), 'echo.sock');
  const { client } = connectTo(t, socket);
  const answer = client.say(message('hello'));
  await new Promise(setImmediate);
  await startEchoServer(t, { socket: { path: socket, mode: 0o600 } });
  assert.equal(textOf(await answer), 'hello');
});

test('a service that does not come is told with its socket and where to look', async (t) => {
  const { client } = connectTo(t, join(temporaryFolder(t), 'echo.sock'), 30);
  await assert.rejects(client.say(message('')), (error) => {
    assert.ok(error instanceof BangerError && error.cause instanceof Error);
    return unreachable(error) && error.message.endsWith('see: banger daemon status');
  });
});

test('a call that is aborted while it waits leaves at once, and the others go on waiting', async (t) => {
  const socket = join(temporaryFolder(t), 'echo.sock');
  const { client } = connectTo(t, socket, 60_000);
  const controller = new AbortController();
  const leaving = client.say(message(''), { signal: controller.signal });
  const staying = client.say(message('hello'));
  controller.abort();
  await assert.rejects(leaving, isAbort);
  await startEchoServer(t, { socket: { path: socket, mode: 0o600 } });
  assert.equal(textOf(await staying), 'hello');
});

test('the first call of a service that is not there starts it, once for all who wait', async (t) => {
  const socket = join(temporaryFolder(t), 'echo.sock');
  let starts = 0;
  const onAbsent = async () => {
    starts += 1;
    await startEchoServer(t, { socket: { path: socket, mode: 0o600 } });
  };
  const connection = openConnection({ socket, service: 'echo', patienceMs: 5000, onAbsent });
  t.after(() => connection.close());
  const client = createClient(EchoDefinition, connection);
  const answers = await Promise.all(['a', 'b'].map((text) => client.say(message(text))));
  assert.deepEqual(answers.map(textOf), ['a', 'b']);
  assert.equal(starts, 1);
});

test('a service that cannot be started fails the call with the reason of that', async (t) => {
  const socket = join(temporaryFolder(t), 'echo.sock');
  const onAbsent = () => Promise.reject(new BangerError('HOST_NOT_READY', 'no node here'));
  const connection = openConnection({ socket, service: 'echo', patienceMs: 5000, onAbsent });
  const { say } = createClient(EchoDefinition, connection);
  await assert.rejects(say(message('')), failsWith('HOST_NOT_READY', /no node here/));
});

test('a service that is killed in mid-call is told as gone, and its successor is found', async (t) => {
  const socket = join(temporaryFolder(t), 'echo.sock');
  const program = await startProgram(t, socket);
  const { client } = connectTo(t, socket);
  const answer = client.say(message(''));
  await program.called();
  const lost = assert.rejects(
    answer,
    failsWith('SERVICE_UNAVAILABLE', /went away during the call; try again/),
  );
  await program.kill();
  await lost;
  await startProgram(t, socket);
  assert.equal(textOf(await client.collect(toStream('hello'))), 'hello');
});

test('a service that stops and starts again is found by the same connection', async (t) => {
  const { socket, server, client } = await startEcho(t);
  await client.say(message(''));
  await server.drain(1000);
  const answer = client.say(message('again'));
  await startEchoServer(t, { socket: { path: socket, mode: 0o600 } });
  assert.equal(textOf(await answer), 'again');
});

test('whoever listens and says nothing is given up at the time limit', async (t) => {
  const socket = await listenOn(
    t,
    createServer((peer) => t.after(() => peer.destroy())),
  );
  const { client } = connectTo(t, socket);
  await assert.rejects(
    client.say(message(''), { timeoutMs: 50 }),
    failsWith('DEADLINE_EXCEEDED', /no answer within 50 ms/),
  );
});

test('whoever closes at once, or speaks another language, is told as gone', async (t) => {
  const answers = ['', 'HTTP/1.1 400 Bad Request\r\n\r\n', '\0'.repeat(1000)];
  for (const answer of answers) {
    const socket = await listenOn(
      t,
      createServer((peer) => peer.on('error', () => peer.destroy()).end(answer)),
    );
    const { client } = connectTo(t, socket);
    await assert.rejects(client.say(message('')), failsWith('SERVICE_UNAVAILABLE', /try again/));
  }
});

test('a program whose calls are over ends, though its connections are open', async (t) => {
  const socket = join(temporaryFolder(t), 'echo.sock');
  const first = await startEchoServer(t, { socket: { path: socket, mode: 0o600 } });
  const here = (name: string) => JSON.stringify(join(import.meta.dirname, name));
  const program = `
    import { createClient } from ${here('client.ts')};
    import { openConnection } from ${here('connection.ts')};
    import { EchoDefinition } from ${here('testing/echo-contract.ts')};
    const connection = openConnection({ socket: ${JSON.stringify(socket)}, service: 'echo', patienceMs: 5000 });
    const client = createClient(EchoDefinition, connection);
    await Promise.all([client.say({ typeUrl: 'a' }), client.say({ typeUrl: 'b' })]);
    console.log((await client.say({ typeUrl: 'over' })).typeUrl);
  `;
  const options = { signal: new AbortController().signal, timeoutMs: 60_000 };
  const output = await run(process.execPath, ['--input-type=module', '-e', program], options);
  assert.equal(output, 'over');
  await first.server.drain(0);
});

async function* toStream(text: string) {
  yield message(text);
}

test('a service that accepts and says nothing is told of, and served by as soon as it goes on', async (t) => {
  const socket = join(temporaryFolder(t), 'echo.sock');
  const program = await startProgram(t, socket);
  program.signal('SIGSTOP');
  const silence = Promise.withResolvers<void>();
  const options = { socket, service: 'echo', patienceMs: 0, onSilence: silence.resolve };
  const connection = openConnection(options);
  t.after(() => connection.close());
  const client = createClient(EchoDefinition, connection);
  const answer = client.collect(toStream('hello'));
  await silence.promise;
  program.signal('SIGCONT');
  assert.equal(textOf(await answer), 'hello');
});
