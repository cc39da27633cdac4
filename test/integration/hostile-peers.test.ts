import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { createClient } from '#kit/client.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { HealthDefinition } from '#proto/grpc/health/v1/health.ts';
import { openHouse } from './harness.ts';
import { STARTABLE } from './needs.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

async function connectRaw(path: string): Promise<Socket> {
  const socket = connect(path);
  // What becomes of this connection is the service's affair.
  socket.on('error', () => socket.destroy());
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

for (const name of STARTABLE) {
  test(`${name} lives on, whatever its peers send`, async (t) => {
    const house = openHouse(t);
    const service = await house.start(name);
    const silent = await Promise.all(Array.from({ length: 10 }, () => connectRaw(service.socket)));
    t.after(() => {
      for (const socket of silent) socket.destroy();
    });
    for (const sent of [
      '',
      'GET / HTTP/1.1\r\n\r\n',
      PREFACE.slice(0, 9),
      PREFACE,
      randomBytes(65_536),
    ]) {
      (await connectRaw(service.socket)).end(sent);
    }
    (await connectRaw(service.socket)).end(
      Buffer.concat([Buffer.from(PREFACE), randomBytes(65_536)]),
    );

    const health = createClient(HealthDefinition, house.connect(name));
    await assert.rejects(
      health.check({ service: 'x'.repeat(5 * 2 ** 20) }),
      failsWith('INVALID_FIELD', /./),
    );
    assert.equal((await house.getInfo(name)).pid, service.pid);
  });
}

test('streams by the hundred wait their turn, and other connections are served meanwhile', async (t) => {
  const house = openHouse(t);
  const service = await house.start('vmd');
  const health = createClient(HealthDefinition, house.connect('vmd'));
  const leave = new AbortController();
  t.after(() => leave.abort());
  const watches = Array.from({ length: 400 }, () =>
    health.watch({ service: '' }, { signal: leave.signal })[Symbol.asyncIterator](),
  );
  const opened = watches.map((watch) => watch.next());
  await Promise.all(opened.slice(0, 256));
  assert.equal((await house.getInfo('vmd')).pid, service.pid);
  leave.abort();
  await Promise.allSettled([...opened, ...watches.map((watch) => watch.next())]);
  assert.equal((await house.getInfo('vmd')).pid, service.pid);
});
