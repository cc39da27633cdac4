import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '#kit/client.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { HealthDefinition } from '#proto/grpc/health/v1/health.ts';
import { openHouse } from './harness.ts';

// Slow: the grace time of a service is ten seconds.
test('a stream without end is cut when the grace time is over, and the service ends well', async (t) => {
  const house = openHouse(t);
  const service = await house.start('vmd');
  const health = createClient(HealthDefinition, house.connect('vmd'));
  const watch = health.watch({ service: '' })[Symbol.asyncIterator]();
  await watch.next();
  const cut = assert.rejects(watch.next(), failsWith('SERVICE_UNAVAILABLE', /./));
  assert.deepEqual(await service.stop(), { code: 0, signal: null });
  await cut;
  assert.ok(service.log().some(({ message }) => message === 'service stopped'));
});
