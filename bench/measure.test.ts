import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureRow, quantile } from './measure.ts';
import { isSkipped, type Row } from './row.ts';
import { rowOf, scopeOf } from './testing/row.ts';

const signal = new AbortController().signal;

async function measured(
  row: Row,
  cleanup: AsyncDisposableStack,
  options: { rounds: number; signal: AbortSignal },
) {
  const result = await measureRow(row, scopeOf(cleanup), options);
  assert.ok(!isSkipped(result));
  return result;
}

test('each round takes one sample of everything that is compared, in turn', async () => {
  const taken: string[] = [];
  const measure = (name: string, value: number) => async () => {
    taken.push(name);
    return { value, beside: 1 };
  };
  const row = rowOf({
    references: [{ name: 'a' }, { name: 'b' }],
    warmUps: 1,
    prepare: async () => ({
      subject: measure('subject', 6),
      references: [measure('a', 3), measure('b', 2)],
    }),
  });
  await using cleanup = new AsyncDisposableStack();
  const result = await measured(row, cleanup, { rounds: 2, signal });
  assert.deepEqual(taken, Array(3).fill(['subject', 'a', 'b']).flat());
  assert.deepEqual(
    result.comparisons.map(({ ratio }) => ratio),
    [2, 3],
  );
});

test('a sample is compared with the one of its own round', async () => {
  const mine = [10, 30, 20];
  const others = [5, 5, 10];
  const row = rowOf({
    references: [{ name: 'another' }],
    prepare: async () => ({
      subject: async () => ({ value: mine.shift() ?? 0, beside: 0 }),
      references: [async () => ({ value: others.shift() ?? 0, beside: 0 })],
    }),
  });
  await using cleanup = new AsyncDisposableStack();
  const result = await measured(row, cleanup, { rounds: 3, signal });
  assert.equal(result.comparisons[0]?.ratio, 2);
});

test('what one has more than the other is told beside the ratio', async () => {
  const mine = [10, 30, 20];
  const row = rowOf({
    references: [{ name: 'another' }],
    prepare: async () => ({
      subject: async () => ({ value: mine.shift() ?? 0, beside: 0 }),
      references: [async () => ({ value: 5, beside: 0 })],
    }),
  });
  await using cleanup = new AsyncDisposableStack();
  const result = await measured(row, cleanup, { rounds: 3, signal });
  assert.equal(result.comparisons[0]?.difference, 15);
});

test('a reference that this machine lacks is left out, and the row says why', async () => {
  const row = rowOf({
    references: [{ name: 'one' }, { name: 'two' }],
    prepare: async () => ({
      subject: async () => ({ value: 6, beside: 0 }),
      references: [{ skipped: 'it is not here' }, async () => ({ value: 3, beside: 0 })],
    }),
  });
  await using cleanup = new AsyncDisposableStack();
  const { comparisons, remark } = await measured(row, cleanup, { rounds: 1, signal });
  assert.deepEqual(
    comparisons.map(({ reference, ratio }) => [reference.name, ratio]),
    [['two', 2]],
  );
  assert.equal(remark, 'Not compared with one: it is not here.');
});

test('a row that cannot be measured here says why', async () => {
  const row = rowOf({ prepare: async () => ({ skipped: 'there is no kernel' }) });
  await using cleanup = new AsyncDisposableStack();
  const result = await measureRow(row, scopeOf(cleanup), { rounds: 1, signal });
  assert.deepEqual(result, { skipped: 'there is no kernel' });
});

test('samples of the warm-up do not count', async () => {
  const values = [100, 1, 3, 2];
  const row = rowOf({
    references: [],
    warmUps: 1,
    prepare: async () => ({
      subject: async () => ({ value: values.shift() ?? 0, beside: 0 }),
      references: [],
    }),
  });
  await using cleanup = new AsyncDisposableStack();
  const { subject } = await measured(row, cleanup, { rounds: 3, signal });
  assert.equal(subject.median, 2);
});

test('a signal ends the measuring before the next sample', async () => {
  const controller = new AbortController();
  let taken = 0;
  const row = rowOf({
    references: [],
    prepare: async () => ({
      subject: async () => {
        taken += 1;
        controller.abort(new Error('enough'));
        return { value: 1, beside: 1 };
      },
      references: [],
    }),
  });
  await using cleanup = new AsyncDisposableStack();
  const options = { rounds: 5, signal: controller.signal };
  await assert.rejects(measureRow(row, scopeOf(cleanup), options), /enough/);
  assert.equal(taken, 1);
});

test('a quantile lies between the two values it falls between', () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([7], 0.9), 7);
  assert.equal(quantile([0, 10], 0.1), 1);
});
