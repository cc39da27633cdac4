import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedLog } from './testing/recorded-log.ts';
import { undo } from './undo.ts';

test('a failure undoes the steps so far, the latest first, and is the error that is seen', async () => {
  const { log, lines } = recordedLog();
  const steps: string[] = [];
  const verb = async () => {
    await using stack = new AsyncDisposableStack();
    stack.defer(undo(log, 'first', () => steps.push('first')));
    stack.defer(undo(log, 'second', async () => steps.push('second')));
    throw new Error('the real failure');
  };
  await assert.rejects(verb, /^Error: the real failure$/);
  assert.deepEqual(steps, ['second', 'first']);
  assert.deepEqual(lines, []);
});

test('a step that fails is logged, hides nothing and stops nobody', async () => {
  const { log, lines } = recordedLog();
  const steps: string[] = [];
  const verb = async () => {
    await using stack = new AsyncDisposableStack();
    stack.defer(undo(log, 'first', () => steps.push('first')));
    stack.defer(undo(log, 'second', () => Promise.reject(new Error('undo went wrong'))));
    throw new Error('the real failure');
  };
  await assert.rejects(verb, /^Error: the real failure$/);
  assert.deepEqual(steps, ['first']);
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.step, 'second');
  assert.match(JSON.stringify(lines[0]?.error), /undo went wrong/);
});

test('success moves the steps out and undoes nothing', async () => {
  const steps: string[] = [];
  const verb = async () => {
    await using stack = new AsyncDisposableStack();
    stack.defer(undo(recordedLog().log, 'first', () => steps.push('first')));
    stack.move();
  };
  await verb();
  assert.deepEqual(steps, []);
});
