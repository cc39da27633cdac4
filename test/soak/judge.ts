import type { Sample } from './sample.ts';

type Figure = 'rssMib' | 'pssMib' | 'descriptors';

/**
 * How much more the second half may take than the first. A service that has just been started takes less than one that
 * has worked, and V8 gives memory back when it likes; what leaks grows with the cycles and passes any of these.
 */
const ALLOWED: Readonly<Record<Figure, number>> = { rssMib: 24, pssMib: 24, descriptors: 6 };

/** Fewer say nothing about a trend. */
const FEWEST = 4;

/** What grew from the first half of the samples to the last, in words; nothing when all is flat. */
export function judge(samples: readonly Sample[]): string[] {
  const services = Map.groupBy(samples, ({ service }) => service);
  return [...services].flatMap(([service, taken]) =>
    Object.entries(ALLOWED).flatMap(([figure, allowed]) => {
      const values = taken.map((sample) => sample[figure as Figure]);
      if (values.length < FEWEST) return [];
      const middle = values.length / 2;
      const before = median(values.slice(0, Math.floor(middle)));
      const after = median(values.slice(Math.ceil(middle)));
      if (after - before <= allowed) return [];
      return [`${figure} of ${service} grew from ${before.toFixed(1)} to ${after.toFixed(1)}`];
    }),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
