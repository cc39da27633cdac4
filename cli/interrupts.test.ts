import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { createInterrupts } from './interrupts.ts';
import { formatError, Interrupted } from './output/error.ts';

/** Ends by throwing, as a process that has ended runs no further. */
class Exit extends Error {}

function open() {
  const handlers = new Map<string, () => void>();
  const codes: number[] = [];
  const interrupts = createInterrupts({
    on: (name, handler) => void handlers.set(name, handler),
    end: (why) => {
      codes.push(formatError(why, { json: false, color: false }).code);
      throw new Exit();
    },
  });
  return { interrupts, codes, send: (name: string) => handlers.get(name)?.() };
}

test('the first signal asks the verb to stop, the second one ends banger with its status', () => {
  const { interrupts, codes, send } = open();
  send('SIGTERM');
  assert.ok(interrupts.signal.reason instanceof Interrupted);
  assert.equal(interrupts.signal.reason.code, 143);
  assert.deepEqual(codes, []);
  assert.throws(() => send('SIGINT'), Exit);
  assert.deepEqual(codes, [130]);
});

test('who has something to clear away hears of the second signal, and only the third one ends banger', () => {
  const { interrupts, codes, send } = open();
  {
    using held = interrupts.hold();
    send('SIGINT');
    assert.equal(held.signal.aborted, false);
    send('SIGINT');
    assert.equal(held.signal.reason.code, 130);
    assert.deepEqual(codes, []);
    assert.throws(() => send('SIGINT'), Exit);
  }
  assert.deepEqual(codes, [130]);
});

test('of two holders the inner one is asked first, then the outer one', () => {
  const { interrupts, codes } = open();
  using outer = interrupts.hold();
  {
    using inner = interrupts.hold();
    interrupts.closed(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    assert.equal(inner.signal.reason.code, 141);
    assert.equal(outer.signal.aborted, false);
  }
  interrupts.closed(Object.assign(new Error('gone'), { code: 'EIO' }));
  assert.equal(outer.signal.reason.code, 141);
  assert.deepEqual(codes, []);
});

test('an output that cannot be written ends banger with an error, and what is held is cleared away first', () => {
  const { interrupts, codes } = open();
  const full = Object.assign(new Error('full'), { code: 'ENOSPC', errno: -constants.errno.ENOSPC });
  {
    using held = interrupts.hold();
    interrupts.closed(full);
    const told = failsWith('DISK_FULL', /cannot be written: no space left on device/);
    assert.ok(told(held.signal.reason));
    assert.deepEqual(codes, []);
  }
  assert.throws(() => interrupts.closed(full), Exit);
  assert.deepEqual(codes, [1]);
});
