import { untilAborted } from '#kit/abort.ts';
import type { Call } from '#kit/call.ts';
import { type Report, type Stage, withStage } from '#kit/stages.ts';

/**
 * Work that several callers want at once and that is done once: whoever comes later sees the stages so far,
 * follows the rest, and gets the same result. A caller that leaves disturbs nobody; when the last one has left,
 * the work is cancelled and undone.
 */
export type SharedWork<Result> = {
  join(key: string, call: Call, report: Report, work: Work<Result>): Promise<Result>;
  isRunning(key: string): boolean;
};

export type Work<Result> = (call: Call, report: Report) => Promise<Result>;

type Running<Result> = {
  result: Promise<Result>;
  stages: readonly Stage[];
  readonly reports: Set<Report>;
  readonly cancel: AbortController;
};

export function createSharedWork<Result>(): SharedWork<Result> {
  const running = new Map<string, Running<Result>>();

  function begin(key: string, call: Call, work: Work<Result>): Running<Result> {
    const cancel = new AbortController();
    const reports = new Set<Report>();
    const started: Running<Result> = { result: neverYet(), stages: [], reports, cancel };
    const report: Report = (stage) => {
      started.stages = withStage(started.stages, stage);
      for (const tell of reports) tell(stage);
    };
    started.result = work({ ...call, signal: cancel.signal }, report).finally(() =>
      running.delete(key),
    );
    // Every caller may have left before it fails.
    started.result.catch(() => undefined);
    running.set(key, started);
    return started;
  }

  return {
    async join(key, call, report, work) {
      call.signal.throwIfAborted();
      const known = running.get(key);
      // One that is being cancelled is waited for, then begun anew.
      if (known?.cancel.signal.aborted === true) {
        await untilAborted(known.result.then(ignore, ignore), call.signal);
        return this.join(key, call, report, work);
      }
      const shared = known ?? begin(key, call, work);
      const tell: Report = (stage) => report(stage);
      for (const stage of shared.stages) tell(stage);
      shared.reports.add(tell);
      try {
        return await untilAborted(shared.result, call.signal);
      } finally {
        shared.reports.delete(tell);
        if (shared.reports.size === 0 && running.get(key) === shared) {
          shared.cancel.abort();
          await shared.result.then(ignore, ignore);
        }
      }
    },
    isRunning: (key) => running.has(key),
  };
}

function neverYet<Result>(): Promise<Result> {
  return Promise.withResolvers<Result>().promise;
}

function ignore(): void {
  // The result is the callers' to hear; here only its coming counts.
}
