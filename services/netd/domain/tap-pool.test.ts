import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { recordedLog } from '#kit/testing/recorded-log.ts';
import { until } from '#kit/testing/until.ts';
import { FakeHost } from '../testing/fake-host.ts';
import { configOf, vmId } from '../testing/netd-lab.ts';
import { TapPool } from './tap-pool.ts';

async function openPool(target: number) {
  const host = new FakeHost(configOf());
  const { log, lines } = recordedLog();
  const call = callOf({ log });
  await host.ensureBridge(call);
  const pool = new TapPool({ host, ownCall: () => call, target });
  return { pool, host, call, lines };
}

/** A rootd that answers when it is told to. */
function holdBack(t: TestContext, host: FakeHost) {
  const createTaps = host.createTaps.bind(host);
  const gate = Promise.withResolvers<void>();
  const batches: (readonly number[])[] = [];
  t.mock.method(host, 'createTaps', async (...[call, indexes]: Parameters<typeof createTaps>) => {
    batches.push(indexes);
    await gate.promise;
    return createTaps(call, indexes);
  });
  return { batches, letGo: gate.resolve };
}

test('a stock is made in the background, in batches', async (t) => {
  const { pool, host } = await openPool(40);
  const { batches, letGo } = holdBack(t, host);
  letGo();
  pool.startWarming();
  assert.equal(pool.ready, 0);
  await until(() => pool.ready === 40);
  assert.deepEqual(
    batches.map(({ length }) => length),
    [16, 16, 8],
  );
  assert.equal(host.taps.size, 40);
});

test('taking a tap never waits for the stock, and never takes one that is being made', async (t) => {
  const { pool, host, call } = await openPool(4);
  const { batches, letGo } = holdBack(t, host);
  pool.startWarming();
  const taken = [pool.take(vmId(1)), pool.take(vmId(2))];
  assert.deepEqual(batches, [[0, 1, 2, 3]]);
  assert.deepEqual(taken, [4, 5]);
  letGo();
  await until(() => pool.ready === 4);
  await pool.ensure(call, 4);
  assert.deepEqual([...host.taps.keys()], [0, 1, 2, 3, 4]);
});

test('a ready tap is taken without asking anybody, and the stock is filled again', async () => {
  const { pool, host, call } = await openPool(4);
  pool.startWarming();
  await until(() => pool.ready === 4);
  const asked = host.asked.length;
  const index = pool.take(vmId(1));
  await pool.ensure(call, index);
  assert.equal(host.asked.length, asked);
  pool.take(vmId(2));
  pool.take(vmId(3));
  await until(() => pool.ready === 4);
  assert.equal(pool.used, 3);
});

test('the tap that was given back longest ago is taken first', async () => {
  const { pool } = await openPool(4);
  pool.startWarming();
  await until(() => pool.ready === 4);
  const first = pool.take(vmId(1));
  pool.giveBack(first);
  assert.deepEqual(
    [1, 2, 3].map((number) => pool.take(vmId(number))),
    [1, 2, 3],
  );
});

test('a VM that comes and goes moves no device', async () => {
  const { pool, host } = await openPool(4);
  pool.startWarming();
  await until(() => pool.ready === 4);
  const asked = host.asked.length;
  for (let round = 0; round < 10; round++) pool.giveBack(pool.take(vmId(round)));
  assert.equal(host.asked.length, asked);
});

test('more than twice the stock is too much and goes', async () => {
  const { pool, host } = await openPool(2);
  pool.startWarming();
  await until(() => pool.ready === 2);
  const indexes = [];
  for (let number = 0; number < 6; number++) {
    await until(() => pool.ready > 0);
    indexes.push(pool.take(vmId(number)));
  }
  await until(() => pool.ready === 2);
  for (const index of indexes) pool.giveBack(index);
  await until(() => pool.ready === 2 && host.taps.size === 2);
});

test('without a stock every tap is made when it is needed and removed when it is not', async () => {
  const { pool, host, call } = await openPool(0);
  pool.startWarming();
  const index = pool.take(vmId(1));
  await pool.ensure(call, index);
  assert.equal(host.taps.size, 1);
  pool.giveBack(index);
  await until(() => host.taps.size === 0);
});

test('a batch that fails ends the warming until somebody needs a tap', async (t) => {
  const { pool, host, lines } = await openPool(40);
  const failing = t.mock.method(host, 'createTaps', async () => {
    throw new Error('no more devices');
  });
  pool.startWarming();
  await until(() => lines.length > 0);
  assert.equal(failing.mock.callCount(), 1);
  assert.deepEqual([lines[0]?.level, lines[0]?.message], ['warn', 'tap pool left as it is']);
  failing.mock.restore();
  pool.take(vmId(1));
  await until(() => pool.ready === 40);
});

test('a batch of which nothing is made counts as failed', async (t) => {
  const { pool, host, lines } = await openPool(4);
  const failing = t.mock.method(host, 'createTaps', async () => []);
  pool.startWarming();
  await until(() => lines.length > 0);
  assert.equal(failing.mock.callCount(), 1);
  assert.equal(pool.ready, 0);
});

test('a tap that could not be made is not called ready', async (t) => {
  const { pool, host, call } = await openPool(0);
  t.mock.method(host, 'createTaps', async () => []);
  const index = pool.take(vmId(1));
  await assert.rejects(() => pool.ensure(call, index), /tap "bgtap-0" could not be made/);
});

test('devices of an earlier process are adopted, broken ones removed, held ones left alone', async () => {
  const { pool, host, call } = await openPool(0);
  host.setTap(3, {});
  host.setTap(4, { sound: false });
  host.setTap(0, { inUse: true });
  pool.hold(3, vmId(1));
  host.setTap(5, {});
  await pool.settle(call, [...host.taps.values()]);
  assert.deepEqual([pool.ready, pool.used], [1, 1]);
  assert.deepEqual(
    [...host.taps.keys()].toSorted((a, b) => a - b),
    [0, 3, 5],
  );
  assert.equal(pool.take(vmId(2)), 5);
  assert.equal(pool.take(vmId(3)), 1, 'index 0 is held by a process that nobody knows');
});

test('a tap that vanished is made again before it is used', async () => {
  const { pool, host, call } = await openPool(2);
  pool.startWarming();
  await until(() => pool.ready === 2);
  const index = pool.take(vmId(1));
  host.taps.clear();
  await pool.settle(call, []);
  await pool.ensure(call, index);
  assert.equal(host.taps.get(index)?.sound, true);
});

test('draining removes all but what is needed', async () => {
  const { pool, host, call } = await openPool(4);
  pool.startWarming();
  await until(() => pool.ready === 4);
  const [live, idle] = [pool.take(vmId(1)), pool.take(vmId(2))];
  await pool.drain(call, new Set([live]));
  assert.deepEqual([...host.taps.keys()], [live]);
  assert.ok(pool.knows(idle), 'the index stays its VM’s');
  await pool.ensure(call, idle);
  assert.deepEqual([...host.taps.keys()], [live, idle]);
});

test('draining waits for a batch that is being made, and takes it with it', async (t) => {
  const { pool, host, call } = await openPool(4);
  const { batches, letGo } = holdBack(t, host);
  pool.startWarming();
  await until(() => batches.length === 1);
  const drained = pool.drain(call, new Set());
  letGo();
  await drained;
  assert.equal(host.taps.size, 0);
});
