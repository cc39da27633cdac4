import { setImmediate } from 'node:timers/promises';
import type { Picture } from './pictures/picture.ts';
import {
  type Contest,
  isSkipped,
  type Measure,
  type Reference,
  type Row,
  type Sample,
  type Scope,
  type Skipped,
} from './row.ts';

export type Summary = { median: number; p10: number; p90: number; beside: number };

export type Comparison = {
  reference: Reference;
  summary: Summary;
  ratio: number;
  /** In the figure's unit; negative where the subject has less. */
  difference: number;
};

export type Result = {
  row: Row;
  rounds: number;
  subject: Summary;
  comparisons: readonly Comparison[];
  remark: string | undefined;
  pictures: readonly Picture[];
};

type Contender = { reference: Reference; measure: Measure };

/**
 * Measures a row. Each round takes one sample of everything that is compared, so that a machine that gets
 * slower or busier on the way does so for all of them.
 */
export async function measureRow(
  row: Row,
  scope: Scope,
  { rounds, signal }: { rounds: number; signal: AbortSignal },
): Promise<Result | Skipped> {
  const contest = await row.prepare(scope);
  if (isSkipped(contest)) return contest;
  const { contenders, remarks } = seatReferences(row, contest);
  const measures = [contest.subject, ...contenders.map(({ measure }) => measure)];
  for (let round = 0; round < row.warmUps; round += 1) await sampleEach(measures, signal);
  const samples: Sample[][] = [];
  for (let round = 0; round < rounds; round += 1) samples.push(await sampleEach(measures, signal));
  const taken = (place: number) => samples.flatMap((round) => round[place] ?? []);
  const comparisons = contenders.map(({ reference }, index) =>
    compare(reference, taken(0), taken(index + 1)),
  );
  const pictures = (await contest.pictures?.(signal)) ?? [];
  const remark = remarks.length === 0 ? undefined : remarks.join(' ');
  return { row, rounds, subject: summarize(taken(0)), comparisons, remark, pictures };
}

/** The references that this machine can measure; of the others, why not. */
function seatReferences({ references }: Row, contest: Contest) {
  const remarks = contest.remark === undefined ? [] : [contest.remark];
  const contenders: Contender[] = [];
  for (const [index, reference] of references.entries()) {
    const measure = contest.references[index];
    if (measure === undefined) continue;
    if (isSkipped(measure))
      remarks.push(`Not compared with ${reference.name}: ${measure.skipped}.`);
    else contenders.push({ reference, measure });
  }
  return { contenders, remarks };
}

/**
 * The ratio is the median of the rounds' ratios, not the ratio of the medians, and so is the difference: the two
 * samples of a round met the same load, those in the middle of all rounds may not have.
 */
function compare(
  reference: Reference,
  subject: readonly Sample[],
  taken: readonly Sample[],
): Comparison {
  const pairs = taken.map(
    ({ value }, round) => [subject[round]?.value ?? Number.NaN, value] as const,
  );
  const medianOf = (relate: (mine: number, other: number) => number) =>
    quantile(
      pairs.map(([mine, other]) => relate(mine, other)),
      0.5,
    );
  return {
    reference,
    summary: summarize(taken),
    ratio: medianOf((mine, other) => mine / other),
    difference: medianOf((mine, other) => mine - other),
  };
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
