import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { isAbort, untilAborted } from './abort.ts';

test('the value of the wait is answered', async () => {
  const { signal } = new AbortController();
  assert.equal(await untilAborted(Promise.resolve('value'), signal), 'value');
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('an abort ends the wait with its own reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const waiting = untilAborted(new Promise(() => undefined), controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test('a signal that is aborted already does not even begin to wait', async () => {
  await assert.rejects(untilAborted(Promise.resolve(1), AbortSignal.abort()), isAbort);
});

test('only an abort is an abort', () => {
  assert.equal(isAbort(new DOMException('', 'AbortError')), true);
  assert.equal(isAbort(new Error('AbortError')), false);
  assert.equal(isAbort('AbortError'), false);
});
