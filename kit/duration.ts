import { BangerError } from './errors.ts';

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** "500ms", "10s", "1h30m"; "0" is nothing. Answers milliseconds. */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(trimmed)) throw invalidDuration(text);
  return [...trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (total, [, amount, unit]) => total + Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS],
    0,
  );
}

/** For people: "850ms", "1.9s", "2m 5s", "3h 12m", "4d 2h". */
export function formatDuration(durationMs: number): string {
  if (Math.round(durationMs) < 1000) return `${Math.round(durationMs)}ms`;
  const seconds = (durationMs / 1000).toFixed(1);
  if (seconds !== '60.0' && durationMs < UNITS_MS.m) return `${seconds}s`;
  const wholeMs = Math.round(durationMs / 1000) * 1000;
  if (wholeMs < UNITS_MS.h) return twoUnits(wholeMs, 'm', 's');
  if (wholeMs < UNITS_MS.d) return twoUnits(wholeMs, 'h', 'm');
  return twoUnits(wholeMs, 'd', 'h');
}

function twoUnits(durationMs: number, large: 'm' | 'h' | 'd', small: 's' | 'm' | 'h'): string {
  const whole = Math.floor(durationMs / UNITS_MS[large]);
  const rest = Math.floor((durationMs % UNITS_MS[large]) / UNITS_MS[small]);
  return `${whole}${large} ${rest}${small}`;
}

function invalidDuration(text: string): BangerError {
  return new BangerError(
    'INVALID_FIELD',
    `"${text}" is not a duration; write a number with ms, s, m, h or d, such as "10s" or "1h30m"`,
    { metadata: { duration: text } },
  );
}
