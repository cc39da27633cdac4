import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAbort } from './abort.ts';
import type { Call } from './call.ts';
import { createOperations, type Operation, type Operations } from './operations.ts';
import { type Report, runStage, type Stage } from './stages.ts';
import { callOf } from './testing/call-of.ts';
import { failsWith } from './testing/fails-with.ts';
import { until } from './testing/until.ts';

const never = new AbortController().signal;
const newOperations = () => createOperations(() => new Date(0));

type Work = (call: Call, report: Report) => Promise<unknown>;

/** Starts a verb and reads its stages to the end, as the server does for a caller that stays. */
async function runToEnd(
  operations: Operations,
  work: Work,
  { call = callOf(), detach = false } = {},
): Promise<{ stages: Stage[]; result: unknown }> {
  const running = operations.run(call, { verb: 'create vm', target: 'web', detach, work });
  const stages: Stage[] = [];
  for (;;) {
    const { done, value } = await running.next();
    if (done) return { stages, result: value };
    stages.push(value as Stage);
  }
}

/** Work that waits until it is told to stop, and then takes its time to undo what it did. */
function endlessWork() {
  const undone = Promise.withResolvers<void>();
  const steps: string[] = [];
  const work: Work = (call, report) =>
    runStage(report, 'launch', async () => {
      steps.push('begun');
      const { promise, reject } = Promise.withResolvers<never>();
      call.signal.addEventListener('abort', () => reject(call.signal.reason));
      try {
        await promise;
      } finally {
        steps.push('undoing');
        await undone.promise;
        steps.push('undone');
      }
    });
  return { work, steps, finishUndo: undone.resolve };
}

async function collect(changes: AsyncIterable<Operation>): Promise<Operation[]> {
  const found: Operation[] = [];
  for await (const operation of changes) found.push(operation);
  return found;
}

test('a verb streams its stages and ends with its result', async () => {
  const operations = newOperations();
  const { stages, result } = await runToEnd(operations, async (_call, report) => {
    await runStage(report, 'address', async () => undefined);
    await runStage(report, 'launch', async () => undefined);
    return 'vm';
  });
  assert.equal(result, 'vm');
  const ended = stages.filter(({ state }) => state === 'done').map(({ name }) => name);
  assert.deepEqual(ended, ['address', 'launch']);
  assert.equal(operations.get('op').state, 'done');
});

test('a verb that fails is remembered as failed and its caller gets its error', async () => {
  const operations = newOperations();
  const failure = new Error('no space');
  await assert.rejects(
    runToEnd(operations, () => Promise.reject(failure)),
    failure,
  );
  const { state, failure: remembered } = operations.get('op');
  assert.equal(state, 'failed');
  assert.equal(remembered, failure);
});

test('a caller that leaves makes the verb undo its work, and the call ends after that', async () => {
  const operations = newOperations();
  const { work, steps, finishUndo } = endlessWork();
  const caller = new AbortController();
  let ended = false;
  const call = callOf({ signal: caller.signal });
  const running = runToEnd(operations, work, { call }).finally(() => {
    ended = true;
  });
  await until(() => steps.includes('begun'));
  caller.abort();
  await until(() => steps.includes('undoing'));
  await new Promise(setImmediate);
  assert.equal(ended, false);
  finishUndo();
  await assert.rejects(running, isAbort);
  assert.deepEqual(steps, ['begun', 'undoing', 'undone']);
});

test('a caller that stops reading has left', async () => {
  const operations = newOperations();
  const { work, steps, finishUndo } = endlessWork();
  finishUndo();
  const request = { verb: 'create vm', target: 'web', detach: false, work };
  for await (const _stage of operations.run(callOf(), request)) break;
  assert.deepEqual(steps, ['begun', 'undoing', 'undone']);
  assert.equal(operations.get('op').state, 'cancelled');
});

test('a detached verb goes on when its caller leaves', async () => {
  const operations = newOperations();
  const { promise, resolve } = Promise.withResolvers<void>();
  const caller = new AbortController();
  const running = runToEnd(operations, () => promise, {
    call: callOf({ signal: caller.signal }),
    detach: true,
  });
  caller.abort();
  await assert.rejects(running, isAbort);
  assert.equal(operations.get('op').state, 'running');
  resolve();
  await collect(operations.watch('op', never));
  assert.equal(operations.get('op').state, 'done');
});

test('cancelling answers when the undoing is over', async () => {
  const operations = newOperations();
  const { work, steps, finishUndo } = endlessWork();
  const running = runToEnd(operations, work);
  await until(() => steps.includes('begun'));
  const cancelled = operations.cancel('op', never);
  await until(() => steps.includes('undoing'));
  finishUndo();
  assert.equal((await cancelled).state, 'cancelled');
  assert.deepEqual(steps, ['begun', 'undoing', 'undone']);
  await assert.rejects(running, isAbort);
});

test('cancelling what has ended changes nothing', async () => {
  const operations = newOperations();
  await runToEnd(operations, async () => 'vm');
  assert.equal((await operations.cancel('op', never)).state, 'done');
});

test('a watcher sees the operation as it is now, then every change, then the end', async () => {
  const operations = newOperations();
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = runToEnd(operations, async (_call, report) => {
    await runStage(report, 'address', () => promise);
  });
  await until(() => operations.get('op').stages.length === 1);
  const watching = collect(operations.watch('op', never));
  await new Promise(setImmediate);
  resolve();
  const seen = await watching;
  await running;
  assert.deepEqual(
    seen.at(0)?.stages.map(({ state }) => state),
    ['running'],
  );
  assert.deepEqual(
    seen.at(-1)?.stages.map(({ state }) => state),
    ['done'],
  );
  assert.equal(seen.at(-1)?.state, 'done');
});

test('a watcher that leaves disturbs nobody', async () => {
  const operations = newOperations();
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = runToEnd(operations, () => promise);
  const watcher = new AbortController();
  const watching = collect(operations.watch('op', watcher.signal));
  watcher.abort();
  await assert.rejects(watching, isAbort);
  resolve();
  await running;
  assert.equal(operations.get('op').state, 'done');
});

test('an operation that nobody knows is an error with the way to those that are', () => {
  assert.throws(
    () => newOperations().get('gone'),
    failsWith('OPERATION_NOT_FOUND', /banger operations list/),
  );
});

test('running operations come first, and of the ended ones a hundred are remembered', async () => {
  const operations = newOperations();
  for (let count = 0; count < 120; count++) {
    await runToEnd(operations, async () => undefined, { call: callOf({ opId: `ended-${count}` }) });
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = runToEnd(operations, () => promise, { call: callOf({ opId: 'running' }) });
  await until(() => operations.list()[0]?.id === 'running');
  assert.equal(operations.list().length, 101);
  assert.throws(() => operations.get('ended-0'), failsWith('OPERATION_NOT_FOUND', /ended-0/));
  assert.equal(operations.get('ended-119').state, 'done');
  resolve();
  await running;
});

test('two verbs of one call are two operations', async () => {
  const operations = newOperations();
  const call = callOf();
  await runToEnd(operations, async () => 'image', { call });
  await runToEnd(operations, async () => 'kernel', { call });
  assert.deepEqual(
    operations.list().map(({ id }) => id),
    [call.opId, `${call.opId}.2`],
  );
});
