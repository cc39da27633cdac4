import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { EXIT_ALREADY_SERVED } from '#kit/service-arguments.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { until } from '#kit/testing/until.ts';
import { InfoServiceDefinition } from '#proto/banger/v1/info.ts';
import { HealthDefinition } from '#proto/grpc/health/v1/health.ts';
import { openHouse } from './harness.ts';
import { STARTABLE } from './needs.ts';
import type { ServiceProcess } from './service-process.ts';

const gone = failsWith('SERVICE_UNAVAILABLE', /./);

const says = (service: ServiceProcess, message: string) => () =>
  service.log().some((line) => line.message === message);

for (const name of STARTABLE) {
  test(`${name} ends on SIGTERM and leaves no socket`, async (t) => {
    const service = await openHouse(t).start(name);
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    assert.equal(existsSync(service.socket), false);
    assert.ok(says(service, 'service stopped')());
  });
}

test('a call that runs when SIGTERM comes is answered, and nobody else is let in', async (t) => {
  const house = openHouse(t);
  const program = 'test/integration/fixtures/slow-netd.ts';
  const service = await house.start('netd', { program });
  const answer = createClient(InfoServiceDefinition, house.connect('netd')).checkHost({});
  await until(() => existsSync(join(house.paths.state, 'begun')));

  service.signal('SIGTERM');
  await until(says(service, 'service stopping'));
  await until(() => !existsSync(service.socket));
  await assert.rejects(house.getInfo('netd'), gone);

  writeFileSync(join(house.paths.state, 'finish'), '');
  assert.deepEqual(await answer, { checks: [] });
  assert.deepEqual(await service.exited, { code: 0, signal: null });
});

test('a second SIGTERM ends the service at once, whatever still runs', async (t) => {
  const house = openHouse(t);
  const service = await house.start('vmd');
  const health = createClient(HealthDefinition, house.connect('vmd'));
  const watch = health.watch({ service: '' })[Symbol.asyncIterator]();
  await watch.next();
  const cut = assert.rejects(watch.next(), gone);

  service.signal('SIGTERM');
  await until(says(service, 'service stopping'));
  service.signal('SIGTERM');
  assert.deepEqual(await service.exited, { code: 1, signal: null });
  await cut;
  // Ended like this it may leave its socket, which the next start takes away.
  await (await house.start('vmd')).stop();
});

test('a service that was killed starts again on its socket, and who waits for it is served', async (t) => {
  const house = openHouse(t);
  for (const name of STARTABLE) {
    const first = await house.start(name);
    first.signal('SIGKILL');
    assert.deepEqual(await first.exited, { code: null, signal: 'SIGKILL' });
    assert.ok(existsSync(first.socket));
    await assert.rejects(house.getInfo(name), gone);

    const connection = openConnection({ socket: first.socket, service: name, patienceMs: 60_000 });
    t.after(() => connection.close());
    const answer = createClient(InfoServiceDefinition, connection).getInfo({});
    const second = await house.start(name);
    assert.equal((await answer).pid, second.pid);
  }
});

test('of two that start at once one serves, and the other says who does', async (t) => {
  const house = openHouse(t);
  const both = [house.spawn('vmd'), house.spawn('vmd')];
  const loser = await Promise.race(both.map((service) => service.exited.then(() => service)));
  assert.deepEqual(await loser.exited, { code: EXIT_ALREADY_SERVED, signal: null });
  const winner = both.find((service) => service !== loser);
  assert.ok(winner);
  await until(() =>
    house.getInfo('vmd').then(
      ({ pid }) => pid === winner.pid,
      () => false,
    ),
  );
  assert.match(
    loser.stderr(),
    new RegExp(`^vmd: (?:process ${winner.pid}|another process) holds ".*/vmd\\.sock\\.lock"\n$`),
  );
  assert.deepEqual(await winner.stop(), { code: 0, signal: null });
});

test('a terminal that closes takes no service with it', async (t) => {
  const house = openHouse(t);
  const service = await house.start('imaged');
  service.signal('SIGHUP');
  await until(says(service, 'hang-up ignored'));
  assert.equal((await house.getInfo('imaged')).pid, service.pid);
});
