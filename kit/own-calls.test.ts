import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownCalls } from './own-calls.ts';
import { recordedLog } from './testing/recorded-log.ts';

test('a call of a service itself is logged under an id and aborts never', () => {
  const { log, lines } = recordedLog();
  const own = ownCalls(log);
  const call = own('op-7');
  call.log.info('work');
  assert.equal(JSON.parse(JSON.stringify(lines[0])).opId, 'op-7');
  assert.equal(call.peer.pid, process.pid);
  assert.equal(call.signal.aborted, false);
  assert.notEqual(own().opId, own().opId);
});
