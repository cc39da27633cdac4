import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationServiceDefinition } from '#proto/banger/v1/operation.ts';
import { createClient } from './client.ts';
import { BangerError } from './errors.ts';
import { operationService } from './operation-service.ts';
import { createOperations } from './operations.ts';
import { runStage } from './stages.ts';
import { callOf } from './testing/call-of.ts';
import { startEcho } from './testing/echo-server.ts';
import { failsWith } from './testing/fails-with.ts';
import { until } from './testing/until.ts';

test('a long verb can be listed, watched and cancelled from outside', async (t) => {
  const operations = createOperations(() => new Date(0));
  const { connection } = await startEcho(t, { rpcs: [operationService(operations)] });
  const client = createClient(OperationServiceDefinition, connection);
  const running = Array.fromAsync(
    operations.run(callOf(), {
      verb: 'create vm',
      target: 'web',
      detach: false,
      work: (call, report) =>
        runStage(report, 'pull', async (tell) => {
          tell('layer 1', { done: 5, total: 10, unit: 'bytes' });
          await new Promise((_, reject) =>
            call.signal.addEventListener('abort', () => reject(call.signal.reason)),
          );
        }),
    }),
  ).catch((error: unknown) => error);
  await until(() => operations.list()[0]?.stages[0]?.progress);

  const listed = (await client.listOperations({})).operations;
  assert.deepEqual(
    listed.map(({ id, verb, target, state }) => [id, verb, target, state]),
    [['op', 'create vm', 'web', 'OPERATION_STATE_RUNNING']],
  );
  assert.deepEqual(listed[0]?.stages[0]?.progress, {
    done: 5,
    total: 10,
    unit: 'PROGRESS_UNIT_BYTES',
  });

  const watched = Array.fromAsync(client.watchOperation({ id: 'op' }));
  const { operation } = await client.cancelOperation({ id: 'op' });
  assert.equal(operation?.state, 'OPERATION_STATE_CANCELLED');
  assert.equal(operation?.failure?.reason, 'CANCELLED');
  assert.equal(operation?.stages[0]?.state, 'STAGE_STATE_FAILED');
  assert.equal((await watched).at(-1)?.operation?.state, 'OPERATION_STATE_CANCELLED');
  await running;
});

test('a failure is told with its reason, and a defect without its words', async (t) => {
  const operations = createOperations(() => new Date(0));
  const { connection } = await startEcho(t, { rpcs: [operationService(operations)] });
  const client = createClient(OperationServiceDefinition, connection);
  const failures = { ours: new BangerError('DISK_FULL', 'full'), foreign: new Error('secret') };
  for (const [opId, failure] of Object.entries(failures)) {
    const request = { verb: 'v', target: 't', detach: false, work: () => Promise.reject(failure) };
    await assert.rejects(Array.fromAsync(operations.run(callOf({ opId }), request)));
  }
  const { operations: listed } = await client.listOperations({});
  const found = Object.fromEntries(listed.map(({ id, failure }) => [id, failure]));
  assert.deepEqual([found.ours?.reason, found.ours?.message], ['DISK_FULL', 'full']);
  assert.equal(found.foreign?.reason, 'INTERNAL');
  assert.doesNotMatch(found.foreign?.message ?? '', /secret/);
});

test('an operation that nobody knows is an error of the call', async (t) => {
  const rpcs = [operationService(createOperations(() => new Date(0)))];
  const { connection } = await startEcho(t, { rpcs });
  const client = createClient(OperationServiceDefinition, connection);
  const unknown = failsWith('OPERATION_NOT_FOUND', /no operation "gone"/);
  await assert.rejects(client.cancelOperation({ id: 'gone' }), unknown);
  await assert.rejects(Array.fromAsync(client.watchOperation({ id: 'gone' })), unknown);
});
