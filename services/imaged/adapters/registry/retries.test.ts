import assert from 'node:assert/strict';
import test from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { retryAfterMs } from './answer-failure.ts';
import { RETRY_POLICY, type Retries, TransientFailure, withRetries } from './retries.ts';

const QUICK = { attempts: 3, baseDelayMs: 1, maxDelayMs: 1, retryAfterLimitMs: 1000 };

function retries(options: Partial<Retries> = {}): Retries {
  return { policy: QUICK, signal: new AbortController().signal, ...options };
}

function transient(message: string, retryAfter?: number): TransientFailure {
  return new TransientFailure(new BangerError('SERVICE_UNAVAILABLE', message), retryAfter);
}

test('tries again until it works', async () => {
  let tries = 0;
  const result = await withRetries(async () => {
    if (++tries < 3) throw transient('not yet');
    return tries;
  }, retries());
  assert.equal(result, 3);
});

test('gives the last error of ours when it never works', async () => {
  let tries = 0;
  await assert.rejects(
    withRetries(() => Promise.reject(transient(`try ${++tries}`)), retries()),
    { name: 'BangerError', message: 'try 3' },
  );
});

test('does not try again what will not pass by itself', async () => {
  let tries = 0;
  const error = new BangerError('IMAGE_NOT_FOUND', 'gone');
  const work = (): Promise<void> => {
    tries++;
    return Promise.reject(error);
  };
  await assert.rejects(withRetries(work, retries()), error);
  assert.equal(tries, 1);
});

test('counts anew after progress', async () => {
  let tries = 0;
  await assert.rejects(
    withRetries(() => Promise.reject(transient(`try ${++tries}`)), {
      ...retries(),
      madeProgress: () => tries < 10,
    }),
    { message: 'try 11' },
  );
});

test('does not wait longer than it is ready to be asked for', async () => {
  let tries = 0;
  await assert.rejects(
    withRetries(() => Promise.reject(transient(`try ${++tries}`, 1001)), retries()),
    { message: 'try 1' },
  );
});

test('stops waiting when it is told to', async () => {
  const stop = new AbortController();
  const policy = { ...RETRY_POLICY, baseDelayMs: 1e6, maxDelayMs: 1e6 };
  const work = (): Promise<void> => {
    setImmediate(() => stop.abort(new Error('enough')));
    return Promise.reject(transient('busy'));
  };
  await assert.rejects(withRetries(work, { policy, signal: stop.signal }), { message: 'enough' });
});

test('understands Retry-After as seconds and as a date', () => {
  const parse = (text: string) => retryAfterMs({ headers: { 'retry-after': text } });
  assert.equal(parse('120'), 120_000);
  assert.equal(parse('Thu, 01 Jan 1970 00:00:00 GMT'), 0);
  assert.ok((parse('Fri, 31 Dec 9999 23:59:59 GMT') ?? 0) > 1e12);
  for (const text of ['soon', '', '-1 day']) assert.equal(parse(text), undefined, text);
  assert.equal(retryAfterMs({ headers: {} }), undefined);
});
