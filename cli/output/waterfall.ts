import { formatDuration } from '#kit/duration.ts';

/** A stage on the clock of who watched: when it was first heard of, and how long it took. */
export type Span = { name: string; fromMs: number; forMs: number };

const USUAL_COLUMNS = 80;
const WIDEST_BAR = 60;

/** Where the time went: a bar for each stage, from where it began to where it ended. */
export function formatWaterfall(
  spans: readonly Span[],
  { columns }: { columns?: number | undefined },
): string {
  const totalMs = Math.max(1, ...spans.map(({ fromMs, forMs }) => fromMs + forMs));
  const nameWidth = Math.max(...spans.map(({ name }) => name.length));
  const room = (columns || USUAL_COLUMNS) - nameWidth - 12;
  const width = Math.max(10, Math.min(WIDEST_BAR, room));
  const scale = (ms: number) => Math.round((ms / totalMs) * width);
  return spans
    .map(({ name, fromMs, forMs }) => {
      const from = Math.min(scale(fromMs), width - 1);
      const length = Math.max(1, Math.min(scale(forMs), width - from));
      const bar = `${' '.repeat(from)}${'#'.repeat(length)}`.padEnd(width);
      return `${name.padEnd(nameWidth)}  ${bar}  ${formatDuration(forMs).padStart(7)}\n`;
    })
    .join('');
}
