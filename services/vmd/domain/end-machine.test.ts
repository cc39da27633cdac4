import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { everyStep } from './end-machine.ts';

const unreachable = new BangerError('SERVICE_UNAVAILABLE', 'netd cannot be reached');

test('every step is tried, and the caller learns the first reason among the failures', async () => {
  const done: string[] = [];
  const steps = [
    async () => Promise.reject(new Error('a defect')),
    async () => Promise.reject(unreachable),
    async () => done.push('last'),
  ];
  await assert.rejects(
    everyStep(steps, 'vm "web" could not be deleted whole'),
    failsWith(
      'SERVICE_UNAVAILABLE',
      /^vm "web" could not be deleted whole: netd cannot be reached$/,
    ),
  );
  assert.deepEqual(done, ['last']);
});

test('failures without a reason stay what they are: a defect with all of its causes', async () => {
  const defect = new Error('a defect');
  await assert.rejects(
    everyStep([async () => Promise.reject(defect)], 'left'),
    (error) => error instanceof AggregateError && error.errors[0] === defect,
  );
});
