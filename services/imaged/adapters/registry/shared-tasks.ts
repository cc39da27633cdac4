import { untilAborted } from '#kit/abort.ts';
import { hasReason } from '#kit/errors.ts';

/** What a running task gets: the wish to stop, and a way to tell everyone waiting how far it is. */
export type Task<Report> = {
  readonly signal: AbortSignal;
  readonly report: (report: Report) => void;
};

export type Waiter<Report> = {
  readonly signal: AbortSignal;
  readonly onReport: (report: Report) => void;
};

type Running<Report> = {
  readonly result: Promise<void>;
  readonly stop: AbortController;
  readonly waiters: Set<Waiter<Report>>;
  lastReport: Report | undefined;
};

/**
 * One task per key at a time, shared by all who want it. It goes on while anybody waits for it and is
 * stopped when the last one has gone.
 */
export class SharedTasks<Key, Report> {
  readonly #running = new Map<Key, Running<Report>>();

  async run(
    key: Key,
    work: (task: Task<Report>) => Promise<void>,
    waiter: Waiter<Report>,
  ): Promise<void> {
    for (;;) {
      waiter.signal.throwIfAborted();
      const running = this.#running.get(key);
      if (running === undefined) return wait(this.#start(key, work), waiter);
      try {
        return await wait(running, waiter);
      } catch (error) {
        // The other's login or mirror may be what failed, and ours may be better. A full disk is shared.
        if (hasReason(error, 'DISK_FULL')) throw error;
      }
    }
  }

  #start(key: Key, work: (task: Task<Report>) => Promise<void>): Running<Report> {
    const stop = new AbortController();
    const waiters = new Set<Waiter<Report>>();
    const report = (last: Report): void => {
      running.lastReport = last;
      for (const waiter of waiters) waiter.onReport(last);
    };
    // Deferred by one turn, so that `running` and its first waiter are there before work reports.
    const result = Promise.resolve()
      .then(() => work({ signal: stop.signal, report }))
      .finally(() => this.#running.delete(key));
    const running: Running<Report> = { result, stop, waiters, lastReport: undefined };
    this.#running.set(key, running);
    return running;
  }
}

async function wait<Report>(running: Running<Report>, waiter: Waiter<Report>): Promise<void> {
  const { result, stop, waiters } = running;
  waiters.add(waiter);
  if (running.lastReport !== undefined) waiter.onReport(running.lastReport);
  try {
    await untilAborted(result, waiter.signal);
  } finally {
    waiters.delete(waiter);
    if (waiters.size === 0) {
      stop.abort(waiter.signal.reason);
      // Whoever leaves last closes the door: after this no file of the task is open any more.
      await Promise.allSettled([result]);
    }
  }
}
