import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { crashSwitch } from './crash-switch.ts';

const stage = { name: 'launch', state: 'done', detail: '', elapsedMs: 1 } as const;

test('without a boundary, and at every other one, nothing happens', () => {
  for (const point of [undefined, '', 'create vm:launch:running', 'start vm:launch:done']) {
    crashSwitch(point)('create vm', stage);
  }
});

test('what names no boundary is refused, before any verb runs', () => {
  for (const point of ['create vm', 'create vm:launch', 'create vm:launch:failed']) {
    assert.throws(() => crashSwitch(point), failsWith('INVALID_FIELD', /VERB:STAGE:running/));
  }
});
