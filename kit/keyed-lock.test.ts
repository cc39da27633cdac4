import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAbort } from './abort.ts';
import { createKeyedLock, type KeyedLock } from './keyed-lock.ts';

const never = new AbortController().signal;

/** Holds a key until told to let go. */
function holder(lock: KeyedLock<string>, key: string) {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  return { release, done: lock.with(key, never, () => promise) };
}

test('holders of one key follow each other in the order in which they came', async () => {
  const lock = createKeyedLock<string>();
  const steps: string[] = [];
  const work = (name: string) => async () => {
    steps.push(`${name} in`);
    await new Promise(setImmediate);
    steps.push(`${name} out`);
  };
  await Promise.all(['a', 'b', 'c'].map((name) => lock.with('key', never, work(name))));
  assert.deepEqual(steps, ['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
});

test('different keys do not wait for each other', async () => {
  const lock = createKeyedLock<string>();
  const held = holder(lock, 'one');
  assert.equal(await lock.with('two', never, async () => 'done'), 'done');
  held.release();
  await held.done;
});

test('a waiter that is aborted leaves, and nobody behind it gets in early', async () => {
  const lock = createKeyedLock<string>();
  const held = holder(lock, 'key');
  const leaver = new AbortController();
  const left = lock.with('key', leaver.signal, async () => assert.fail('must not run'));
  let behindRan = false;
  const behind = lock.with('key', never, async () => {
    behindRan = true;
  });
  leaver.abort();
  await assert.rejects(left, isAbort);
  await new Promise(setImmediate);
  assert.equal(behindRan, false);
  held.release();
  await Promise.all([held.done, behind]);
  assert.equal(behindRan, true);
});

test('a failing holder lets the next one in and keeps its error', async () => {
  const lock = createKeyedLock<string>();
  const failure = new Error('failed');
  const failed = lock.with('key', never, () => Promise.reject(failure));
  const next = lock.with('key', never, async () => 'next');
  await assert.rejects(failed, failure);
  assert.equal(await next, 'next');
});

test('an aborted signal takes nothing', async () => {
  const lock = createKeyedLock<string>();
  await assert.rejects(
    lock.with('key', AbortSignal.abort(), async () => undefined),
    isAbort,
  );
  assert.equal(lock.isHeld('key'), false);
});

test('a key that nobody holds is forgotten, also after aborted waiters', async () => {
  const lock = createKeyedLock<string>();
  const held = holder(lock, 'key');
  const leaver = new AbortController();
  const left = lock.with('key', leaver.signal, async () => undefined);
  assert.equal(lock.isHeld('key'), true);
  leaver.abort();
  await assert.rejects(left, isAbort);
  assert.equal(lock.isHeld('key'), true);
  held.release();
  await held.done;
  await new Promise(setImmediate);
  assert.equal(lock.isHeld('key'), false);
});
