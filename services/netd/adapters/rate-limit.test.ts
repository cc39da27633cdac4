import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimit } from './rate-limit.ts';

function limitAt(clock: { nowMs: number }) {
  return createRateLimit({ perSecond: 10, burst: 3, nowMs: () => clock.nowMs });
}

function countAllowed(limit: ReturnType<typeof limitAt>, source: string, times: number): number {
  return Array.from({ length: times }, () => limit.allows(source)).filter(Boolean).length;
}

test('a source has its burst, and then so many a second', () => {
  const clock = { nowMs: 0 };
  const limit = limitAt(clock);
  assert.equal(countAllowed(limit, 'a', 10), 3);
  clock.nowMs = 200;
  assert.equal(countAllowed(limit, 'a', 10), 2);
  clock.nowMs = 60_000;
  assert.equal(countAllowed(limit, 'a', 10), 3);
});

test('a source that never stops gets its share all the same', () => {
  const clock = { nowMs: 0 };
  const limit = limitAt(clock);
  let allowed = 0;
  for (; clock.nowMs < 10_000; clock.nowMs += 1) allowed += countAllowed(limit, 'a', 1);
  assert.ok(allowed >= 100 && allowed <= 103, `${allowed} in ten seconds`);
});

test('one source takes nothing from another', () => {
  const limit = limitAt({ nowMs: 0 });
  countAllowed(limit, 'a', 100);
  assert.equal(countAllowed(limit, 'b', 1), 1);
});

test('a source among very many others is forgotten, so memory stays bounded', () => {
  const limit = limitAt({ nowMs: 0 });
  assert.equal(countAllowed(limit, 'a', 10), 3);
  for (let source = 0; source < 5000; source++) limit.allows(String(source));
  assert.equal(countAllowed(limit, 'a', 10), 3);
});
