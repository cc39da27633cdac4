import { untilAborted } from './abort.ts';
import type { Call } from './call.ts';
import { BangerError } from './errors.ts';
import { type Report, type Stage, withStage } from './stages.ts';

export type OperationState = 'running' | 'done' | 'failed' | 'cancelled';

/** A long verb that runs or ran: what `banger operations` lists, watches and cancels. */
export type Operation = {
  readonly id: string;
  readonly verb: string;
  readonly target: string;
  readonly state: OperationState;
  readonly stages: readonly Stage[];
  readonly startedAt: Date;
  readonly endedAt?: Date;
  readonly failure?: unknown;
};

export type OperationRequest<Result> = {
  verb: string;
  target: string;
  /** Go on when the caller leaves. */
  detach: boolean;
  /** Gets a call whose signal also aborts when the operation is cancelled. */
  work(call: Call, report: Report): Promise<Result>;
};

export type Operations = {
  /** Runs a long verb as a listed operation; yields its stages and ends with its result. */
  run<Result>(call: Call, request: OperationRequest<Result>): AsyncGenerator<Stage, Result>;
  list(): Operation[];
  countRunning(): number;
  get(id: string): Operation;
  /** The operation now and after every change, until it ends. */
  watch(id: string, signal: AbortSignal): AsyncGenerator<Operation, void>;
  /** Asks it to stop and answers when it has. */
  cancel(id: string, signal: AbortSignal): Promise<Operation>;
};

/** Ended operations that are still listed. */
const REMEMBERED = 100;

type Entry = {
  operation: Operation;
  changed: PromiseWithResolvers<void>;
  cancel: AbortController;
};

/** Hears of every stage of every operation, before anybody else does. */
export type Observe = (verb: string, stage: Stage) => void;

export function createOperations(now: () => Date, observe: Observe = () => undefined): Operations {
  const entries = new Map<string, Entry>();

  const change = (entry: Entry, change: Partial<Operation>) => {
    entry.operation = { ...entry.operation, ...change };
    entry.changed.resolve();
    entry.changed = Promise.withResolvers();
  };

  const find = (id: string): Entry => {
    const entry = entries.get(id);
    if (entry !== undefined) return entry;
    throw new BangerError(
      'OPERATION_NOT_FOUND',
      `no operation "${id}"; see: banger operations list`,
      { metadata: { operation: id } },
    );
  };

  async function* follow(entry: Entry, signal: AbortSignal): AsyncGenerator<Operation, void> {
    let seen: Operation | undefined;
    while (seen === undefined || seen.state === 'running') {
      if (seen === entry.operation) await untilAborted(entry.changed.promise, signal);
      seen = entry.operation;
      yield seen;
    }
  }

  async function execute<Result>(
    entry: Entry,
    call: Call,
    request: OperationRequest<Result>,
  ): Promise<Result> {
    const report: Report = (stage) => {
      observe(request.verb, stage);
      change(entry, { stages: withStage(entry.operation.stages, stage) });
    };
    try {
      const result = await request.work(call, report);
      change(entry, { state: 'done', endedAt: now() });
      return result;
    } catch (failure) {
      const state = entry.cancel.signal.aborted ? 'cancelled' : 'failed';
      change(entry, { state, endedAt: now(), failure });
      throw failure;
    } finally {
      forgetOldest(entries);
    }
  }

  return {
    async *run(call, request) {
      const entry = begin(freeId(entries, call.opId), request, now());
      entries.set(entry.operation.id, entry);
      const signals = request.detach ? [entry.cancel.signal] : [entry.cancel.signal, call.signal];
      const result = execute(entry, { ...call, signal: AbortSignal.any(signals) }, request);
      // The stages below are read first; a failure meanwhile must not count as unhandled.
      result.catch(() => undefined);
      try {
        yield* newStages(follow(entry, call.signal));
      } finally {
        // A caller that stopped listening has left: what was done is undone before the call ends.
        if (entry.operation.state === 'running' && !request.detach) {
          entry.cancel.abort();
          await result.catch(() => undefined);
        }
      }
      return result;
    },
    list: () => sorted([...entries.values()].map(({ operation }) => operation)),
    countRunning: () =>
      [...entries.values()].filter(({ operation }) => operation.state === 'running').length,
    get: (id) => find(id).operation,
    watch: (id, signal) => follow(find(id), signal),
    async cancel(id, signal) {
      const entry = find(id);
      entry.cancel.abort();
      for await (const _ of follow(entry, signal));
      return entry.operation;
    },
  };
}

/** One call of a person may ask this service twice, as for an image and a kernel, with the same id. */
function freeId(entries: ReadonlyMap<string, Entry>, wanted: string): string {
  if (!entries.has(wanted)) return wanted;
  for (let count = 2; ; count++) {
    const id = `${wanted}.${count}`;
    if (!entries.has(id)) return id;
  }
}

function begin(id: string, request: OperationRequest<unknown>, startedAt: Date): Entry {
  const { verb, target } = request;
  return {
    operation: { id, verb, target, state: 'running', stages: [], startedAt },
    changed: Promise.withResolvers(),
    cancel: new AbortController(),
  };
}

/** Of an operation that is told again whole, only the stages that changed. */
async function* newStages(changes: AsyncIterable<Operation>): AsyncGenerator<Stage, void> {
  let before: readonly Stage[] = [];
  for await (const { stages } of changes) {
    for (const [index, stage] of stages.entries()) {
      if (stage !== before[index]) yield stage;
    }
    before = stages;
  }
}

function sorted(operations: Operation[]): Operation[] {
  const running = (operation: Operation) => (operation.state === 'running' ? 0 : 1);
  return operations.sort(
    (a, b) => running(a) - running(b) || b.startedAt.getTime() - a.startedAt.getTime(),
  );
}

function forgetOldest(entries: Map<string, Entry>): void {
  const ended = [...entries.values()].filter(({ operation }) => operation.state !== 'running');
  for (const { operation } of ended.slice(0, Math.max(0, ended.length - REMEMBERED))) {
    entries.delete(operation.id);
  }
}
