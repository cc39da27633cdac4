import type { Result } from './run-scenarios.ts';
import type { Scenario } from './scenario.ts';

const GAP = '  ';

export function formatList(
  scenarios: readonly Scenario[],
  without: Readonly<Record<string, string>>,
): string {
  const rows = scenarios.map(({ name, class: of, about }) => [name, of, about]);
  const others = Object.entries(without).map(([name, why]) => [name, why]);
  return [
    ...formatRows(rows),
    '',
    'of the suite that this one follows, without a counterpart here:',
    ...formatRows(others),
    '',
  ].join('\n');
}

/** One line as soon as it is known, and all that a failed one said. */
export function formatResult({ name, status, seconds, reason, output }: Result): string {
  const word = { passed: 'ok', failed: 'FAIL', skipped: 'skip' }[status].padEnd(4);
  if (status === 'skipped') return `${word}  ${name}: ${reason}\n`;
  const line = `${word}  ${name} (${seconds.toFixed(1)} s)\n`;
  return output === '' ? line : `${line}${output.replaceAll(/^/gm, '      ')}\n`;
}

/** The slowest first. */
export function formatSummary(results: readonly Result[]): string {
  const sorted = [...results].sort((a, b) => b.seconds - a.seconds);
  const rows = sorted.map(({ name, class: of, status, seconds }) => {
    return [name, of, status, `${seconds.toFixed(1)} s`.padStart(8)];
  });
  return `${formatRows([['SCENARIO', 'CLASS', 'RESULT', '    TIME'], ...rows]).join('\n')}\n`;
}

export type Count = { passed: number; failed: number; skipped: number };

export function countResults(results: readonly Result[]): Count {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { status } of results) count[status] += 1;
  return count;
}

function formatRows(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) => {
    return row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
  });
}
