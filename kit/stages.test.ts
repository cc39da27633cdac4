import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runStage, type Stage, withStage } from './stages.ts';

function recorder() {
  const stages: Stage[] = [];
  return { stages, report: (stage: Stage) => void stages.push(stage) };
}

test('a stage is reported when it begins, when it gets on and when it is done', async () => {
  const { stages, report } = recorder();
  const result = await runStage(report, 'pull', async (tell) => {
    tell('layer 1 of 2', { done: 1, total: 2, unit: 'items' });
    return 'image';
  });
  assert.equal(result, 'image');
  const progress = { done: 1, total: 2, unit: 'items' };
  assert.deepEqual(
    stages.map(({ name, state, detail, progress }) => ({ name, state, detail, progress })),
    [
      { name: 'pull', state: 'running', detail: '', progress: undefined },
      { name: 'pull', state: 'running', detail: 'layer 1 of 2', progress },
      { name: 'pull', state: 'done', detail: 'layer 1 of 2', progress },
    ],
  );
});

test('numbers are reported as often as they can be read, words each time, and the last ones in the end', async () => {
  const { stages, report } = recorder();
  await runStage(report, 'pull', async (tell) => {
    for (let done = 1; done <= 1000; done++) tell('', { done, total: 1000, unit: 'bytes' });
    tell('checking');
    tell('publishing', { done: 1000, total: 1000, unit: 'bytes' });
  });
  const running = stages.filter(({ state }) => state === 'running');
  assert.ok(running.length < 500, `${running.length} reports`);
  assert.ok(running.some(({ detail }) => detail === 'checking'));
  assert.equal(stages.at(-1)?.progress?.done, 1000);
  assert.equal(stages.at(-1)?.detail, 'publishing');
});

test('a stage that fails says so and passes its error on', async () => {
  const { stages, report } = recorder();
  const failure = new Error('no space');
  await assert.rejects(
    runStage(report, 'pull', () => Promise.reject(failure)),
    failure,
  );
  assert.deepEqual(
    stages.map(({ state }) => state),
    ['running', 'failed'],
  );
});

test('a list of stages keeps the order in which they began', () => {
  const stage = (name: string, detail: string): Stage => ({
    name,
    detail,
    state: 'running',
    elapsedMs: 0,
  });
  const first = withStage(withStage([], stage('a', '1')), stage('b', '1'));
  assert.deepEqual(
    withStage(first, stage('a', '2')).map(({ name, detail }) => name + detail),
    ['a2', 'b1'],
  );
});
