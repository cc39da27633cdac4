import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import type { Jail } from '../../domain/jail.ts';
import { createQemuDriver } from './index.ts';

function driverWith(answers: Jail['answers']) {
  const refuse = async () => assert.fail('not to be asked');
  return createQemuDriver({
    binary: '/nonexistent',
    probe: { chooseAccelerator: refuse },
    jail: { answers, launch: refuse, find: refuse, signal: refuse, reap: refuse },
  });
}

test('a machine without a device on the bridge does not wait for a rootd that does not run', async () => {
  const driver = driverWith(async () => assert.fail('rootd was asked'));
  assert.ok(await driver.offersNetwork(callOf(), 'user'));
  assert.ok(await driver.offersNetwork(callOf(), 'none'));
});

test('the bridge is offered where rootd answers, and only there', async () => {
  assert.equal(await driverWith(async () => true).offersNetwork(callOf(), 'bridge'), true);
  assert.equal(await driverWith(async () => false).offersNetwork(callOf(), 'bridge'), false);
});
