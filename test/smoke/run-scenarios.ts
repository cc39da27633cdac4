import { inspect } from 'node:util';
import { needsMountNamespace, needsVms } from '../integration/needs.ts';
import { type House, openHouse } from './house.ts';
import type { Class, Scenario } from './scenario.ts';
import { openStage } from './smoke.ts';
import { createTranscript } from './transcript.ts';

export type Result = {
  name: string;
  class: Class;
  status: 'passed' | 'failed' | 'skipped';
  seconds: number;
  /** Why it was skipped. */
  reason: string;
  /** Of a failed one: the commands with their output, and the error. */
  output: string;
};

export type RunOptions = {
  /** How many run at once. */
  jobs: number;
  /** Ends everything early; what was started is cleaned up all the same. */
  signal: AbortSignal;
  onResult(result: Result): void;
};

/** Ample for a machine that is busy with other things. */
const PATIENCE_MS = 600_000;

const isRoot = process.getuid?.() === 0;

/** Runs scenarios as one person with one set of services, as many users of one host would. */
export async function runScenarios(
  scenarios: readonly Scenario[],
  options: RunOptions,
): Promise<Result[]> {
  const skip = needsVms || (isRoot && needsMountNamespace);
  if (skip) return scenarios.map((scenario) => tell(options, skipped(scenario, skip)));
  const house = await openHouse();
  const results = await runAll(scenarios, house, options).catch(async (error: unknown) => {
    await house.close();
    throw error;
  });
  const startedAt = performance.now();
  const failure = await house.close().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined) return results;
  const seconds = (performance.now() - startedAt) / 1000;
  const result = { ...LEFT_BEHIND, seconds, output: show(failure) };
  return [...results, tell(options, result)];
}

/** The result when what no scenario answers for has to be cleaned up. */
const LEFT_BEHIND = { name: 'left_behind', class: 'global', status: 'failed', reason: '' } as const;

async function runAll(
  scenarios: readonly Scenario[],
  house: House,
  options: RunOptions,
): Promise<Result[]> {
  const of = (wanted: Class) => scenarios.filter((scenario) => scenario.class === wanted);
  const runChain = (chain: readonly Scenario[]) => runInTurn(chain, house, options);
  // The chain is the longest job of the pool, so it comes first.
  const jobs = [of('repodir'), ...of('pure').map((scenario) => [scenario])];
  const waiting = jobs.filter((chain) => chain.length > 0).values();
  const workers = Array.from({ length: options.jobs }, async () => {
    const results: Result[] = [];
    for (const chain of waiting) results.push(...(await runChain(chain)));
    return results;
  });
  const results = (await Promise.all(workers)).flat();
  return [...results, ...(await runChain(of('global')))];
}

async function runInTurn(
  chain: readonly Scenario[],
  house: House,
  options: RunOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const scenario of chain) {
    results.push(tell(options, await judge(scenario, house, options.signal)));
  }
  return results;
}

async function judge(scenario: Scenario, house: House, ended: AbortSignal): Promise<Result> {
  const { skip } = scenario;
  if (skip) return skipped(scenario, skip);
  const result = ended.aborted ? undefined : await runOne(scenario, house, ended);
  // What it would have come to is not known.
  return result === undefined || ended.aborted ? skipped(scenario, 'interrupted') : result;
}

async function runOne(scenario: Scenario, house: House, ended: AbortSignal): Promise<Result> {
  const startedAt = performance.now();
  const transcript = createTranscript();
  const late = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([ended, late]);
  const stage = openStage(house, { name: scenario.name, signal, transcript });
  const errors: unknown[] = [];
  const note = (error: unknown) => void errors.push(error);
  await scenario.run(stage.smoke).catch(note);
  await stage.close().catch(note);
  if (late.aborted) note(new Error(`not over after ${PATIENCE_MS / 1000} s`));
  return {
    name: scenario.name,
    class: scenario.class,
    status: errors.length === 0 ? 'passed' : 'failed',
    seconds: (performance.now() - startedAt) / 1000,
    reason: '',
    output: errors.length === 0 ? '' : [transcript, ...errors.map(show)].join('\n'),
  };
}

function show(error: unknown): string {
  return inspect(error, { depth: 5 });
}

function skipped(scenario: Scenario, reason: string): Result {
  const { name, class: of } = scenario;
  return { name, class: of, status: 'skipped', seconds: 0, reason, output: '' };
}

function tell({ onResult }: RunOptions, result: Result): Result {
  onResult(result);
  return result;
}
