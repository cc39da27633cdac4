import { BangerError } from './errors.ts';

const UNITS = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;
const LARGEST_FIRST = ['T', 'G', 'M', 'K'] as const;

/** "8G", "512MiB", "1024" (a bare number means MiB). */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([KMGT])(?:i?B)?)?$/i.exec(text.trim());
  if (match === null) throw invalidSize(text);
  const unit = (match[2]?.toUpperCase() ?? 'M') as keyof typeof UNITS;
  const bytes = Number(match[1]) * UNITS[unit];
  if (!Number.isSafeInteger(Math.floor(bytes)) || bytes < 1) throw invalidSize(text);
  return Math.floor(bytes);
}

/** For people: three significant figures at most, such as "1.5 GiB". */
export function formatSize(bytes: number): string {
  for (const unit of LARGEST_FIRST) {
    const amount = bytes / UNITS[unit];
    if (amount >= 1) return `${Number(amount.toPrecision(3))} ${unit}iB`;
  }
  return `${bytes} B`;
}

function invalidSize(text: string): BangerError {
  return new BangerError(
    'INVALID_SIZE',
    `"${text}" is not a size; write a number with K, M, G or T, such as "8G" (a bare number means MiB)`,
    { metadata: { size: text } },
  );
}
