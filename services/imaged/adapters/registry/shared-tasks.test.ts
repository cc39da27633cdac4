import assert from 'node:assert/strict';
import test from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { SharedTasks, type Task } from './shared-tasks.ts';

type Controlled = {
  readonly tasks: SharedTasks<string, number>;
  readonly started: Task<number>[];
  finish(error?: Error): void;
  join(signal?: AbortSignal): { done: Promise<void>; reports: number[] };
};

/** Tasks that last until they are told to finish, or are stopped. */
function controlTasks(): Controlled {
  const tasks = new SharedTasks<string, number>();
  const started: Task<number>[] = [];
  let end = Promise.withResolvers<void>();
  const work = (task: Task<number>): Promise<void> => {
    started.push(task);
    end = Promise.withResolvers<void>();
    const stop = end.reject;
    task.signal.addEventListener('abort', () => setImmediate(stop, task.signal.reason));
    return end.promise;
  };
  return {
    tasks,
    started,
    finish: (error) => (error ? end.reject(error) : end.resolve()),
    join(signal = new AbortController().signal) {
      const reports: number[] = [];
      const onReport = (report: number): void => void reports.push(report);
      return { done: tasks.run('key', work, { signal, onReport }), reports };
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('runs one task for all who want it and reports to each', async () => {
  const { started, finish, join } = controlTasks();
  const first = join();
  await turn();
  started[0]?.report(1);
  const second = join();
  started[0]?.report(2);
  finish();
  await Promise.all([first.done, second.done]);
  assert.equal(started.length, 1);
  assert.deepEqual(
    [first.reports, second.reports],
    [
      [1, 2],
      [1, 2],
    ],
  );
});

test('goes on when one of two leaves, and stops when both have', async () => {
  const { started, join } = controlTasks();
  const [one, two] = [new AbortController(), new AbortController()];
  const [first, second] = [join(one.signal), join(two.signal)];
  await turn();
  one.abort(new Error('first leaves'));
  await assert.rejects(first.done, { message: 'first leaves' });
  assert.equal(started[0]?.signal.aborted, false);
  two.abort(new Error('second leaves'));
  await assert.rejects(second.done, { message: 'second leaves' });
  assert.equal(started[0]?.signal.aborted, true);
});

test('starts anew for one who comes while a deserted task is still stopping', async () => {
  const { started, finish, join } = controlTasks();
  const stop = new AbortController();
  const first = join(stop.signal);
  await turn();
  stop.abort(new Error('leaves'));
  while (started[0]?.signal.aborted !== true) await Promise.resolve();
  const second = join();
  await assert.rejects(first.done);
  await turn();
  finish();
  await second.done;
  assert.equal(started.length, 2);
});

test('lets everyone try with their own means before failing', async () => {
  const { started, finish, join } = controlTasks();
  const [first, second] = [join(), join()];
  await turn();
  finish(new BangerError('OPERATION_REFUSED', 'no login'));
  await assert.rejects(first.done, { reason: 'OPERATION_REFUSED' });
  await turn();
  assert.equal(started.length, 2);
  finish();
  await second.done;
});

test('does not fill a full disk twice', async () => {
  const { started, finish, join } = controlTasks();
  const [first, second] = [join(), join()];
  await turn();
  finish(new BangerError('DISK_FULL', 'full'));
  await assert.rejects(first.done, { reason: 'DISK_FULL' });
  await assert.rejects(second.done, { reason: 'DISK_FULL' });
  assert.equal(started.length, 1);
});

test('starts nothing for one who has already left', async () => {
  const { started, join } = controlTasks();
  await assert.rejects(join(AbortSignal.abort(new Error('gone'))).done, { message: 'gone' });
  await turn();
  assert.equal(started.length, 0);
});
