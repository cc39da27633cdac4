import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthDefinition } from '#proto/grpc/health/v1/health.ts';
import { isAbort } from './abort.ts';
import { createClient } from './client.ts';
import { EchoDefinition } from './testing/echo-contract.ts';
import { startEcho } from './testing/echo-server.ts';
import { failsWith } from './testing/fails-with.ts';

test('health is served for the whole and for each contract', async (t) => {
  const { connection } = await startEcho(t);
  const health = createClient(HealthDefinition, connection);
  for (const service of ['', EchoDefinition.fullName]) {
    assert.equal((await health.check({ service })).status, 'SERVING');
  }
});

test('a contract that is not served has no health', async (t) => {
  const { connection } = await startEcho(t);
  const health = createClient(HealthDefinition, connection);
  const service = 'banger.v1.NoService';
  await assert.rejects(health.check({ service }), failsWith('CONTRACT_NOT_FOUND', /NoService/));
  for await (const { status } of health.watch({ service })) {
    assert.equal(status, 'SERVICE_UNKNOWN');
    break;
  }
});

test('a watcher hears the status once and stays until it leaves', async (t) => {
  const { connection, lines } = await startEcho(t);
  const health = createClient(HealthDefinition, connection);
  const controller = new AbortController();
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const { status } of health.watch({ service: '' }, { signal: controller.signal })) {
      seen.push(status);
      setImmediate(() => controller.abort());
    }
  }, isAbort);
  assert.deepEqual(seen, ['SERVING']);
  assert.ok(Array.isArray(lines));
});
