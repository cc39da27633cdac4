import type { Picture } from './pictures/picture.ts';
import type { Share } from './share.ts';

/** A thing that is measured against others in one run, so that the machine's speed and load cancel out. */
export type Row = {
  name: string;
  /** What is measured. */
  subject: string;
  references: readonly Reference[];
  figure: Figure;
  /** A second figure of each measurement, which helps to explain the first and is not judged. */
  beside: Figure;
  rounds: number;
  /** Rounds before the first that counts: caches fill and code gets hot. */
  warmUps: number;
  /** How it is measured and what to know when reading the figures. */
  note: string;
  prepare(scope: Scope): Promise<Contest | Skipped>;
};

export type Reference = {
  name: string;
  /** The goal: the subject's median is at most this many times the reference's. */
  atMost?: number;
  /** The goal in the figure's own unit: the subject's median is at most this much above the reference's. */
  atMostMore?: number;
};

export type Figure = { name: string; unit: 'ms' | 'µs' | 'MiB' | 'MiB/s' };

/** What a row may use while it runs. What it starts or makes elsewhere, it registers in `cleanup` at once. */
export type Scope = {
  /** The row's own temporary folder, removed with everything in it. */
  folder: string;
  cleanup: AsyncDisposableStack;
  /** What is made once for all rows that ask for it. */
  share: Share;
};

/** Ways to take one measurement, for the subject and for each reference in the row's order. */
export type Contest = {
  subject: Measure;
  references: readonly (Measure | Skipped)[];
  /** What this machine made different from the row's note. */
  remark?: string;
  /** Drawn when all rounds are over. */
  pictures?(signal: AbortSignal): Promise<readonly Picture[]>;
};

/** What cannot be measured on this machine, and why, in one line. */
export type Skipped = { skipped: string };

export type Measure = () => Promise<Sample>;
export type Sample = { value: number; beside: number };

export function isSkipped(what: object): what is Skipped {
  return 'skipped' in what;
}
