import { setImmediate } from 'node:timers/promises';
import type { Measure, Reference, Row, Sample, Scope } from './row.ts';

export type Summary = { median: number; p10: number; p90: number; beside: number };

export type Comparison = { reference: Reference; summary: Summary; ratio: number };

export type Result = {
  row: Row;
  rounds: number;
  subject: Summary;
  comparisons: readonly Comparison[];
  remark: string | undefined;
};

/**
 * Measures a row. Each round takes one sample of everything that is compared, so that a machine that gets
 * slower or busier on the way does so for all of them.
 */
export async function measureRow(
  row: Row,
  scope: Scope,
  { rounds, signal }: { rounds: number; signal: AbortSignal },
): Promise<Result> {
  const contest = await row.prepare(scope);
  const measures = [contest.subject, ...contest.references];
  for (let round = 0; round < row.warmUps; round += 1) await sampleEach(measures, signal);
  const samples: Sample[][] = [];
  for (let round = 0; round < rounds; round += 1) samples.push(await sampleEach(measures, signal));
  const [subject = [], ...references] = measures.map((_, index) =>
    samples.flatMap((round) => round[index] ?? []),
  );
  const comparisons = references.flatMap((taken, index) => {
    const reference = row.references[index];
    return reference === undefined ? [] : [compare(reference, subject, taken)];
  });
  return { row, rounds, subject: summarize(subject), comparisons, remark: contest.remark };
}

/**
 * The ratio is the median of the rounds' ratios, not the ratio of the medians: the two samples of a round met the
 * same load, those in the middle of all rounds may not have.
 */
function compare(
  reference: Reference,
  subject: readonly Sample[],
  taken: readonly Sample[],
): Comparison {
  const ratios = taken.map(({ value }, round) => (subject[round]?.value ?? Number.NaN) / value);
  return { reference, summary: summarize(taken), ratio: quantile(ratios, 0.5) };
}

async function sampleEach(measures: readonly Measure[], signal: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const measure of measures) {
    // A measurement may block the whole process; signals are seen between two of them.
    await setImmediate();
    signal.throwIfAborted();
    samples.push(await measure());
  }
  return samples;
}

function summarize(samples: readonly Sample[]): Summary {
  const values = samples.map(({ value }) => value);
  return {
    median: quantile(values, 0.5),
    p10: quantile(values, 0.1),
    p90: quantile(values, 0.9),
    beside: quantile(
      samples.map(({ beside }) => beside),
      0.5,
    ),
  };
}

/** The value below which that share of the values lies, between two of them where it falls there. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place % 1);
}
