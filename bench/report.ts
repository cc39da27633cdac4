import type { Comparison, Result, Summary } from './measure.ts';
import type { Figure, Row } from './row.ts';

/** One line for each thing the row is compared with. */
export function formatComparisons({ row, subject, comparisons }: Result): string[] {
  return comparisons.map((comparison) => {
    const { reference, summary, ratio } = comparison;
    const cells = [
      `[${row.name}](#${row.name})`,
      row.subject,
      formatSummary(subject, row.figure),
      reference.name,
      formatSummary(summary, row.figure),
      `${ratio.toFixed(2)} ×`,
      reference.atMost === undefined ? '–' : `≤ ${reference.atMost} ×`,
      judge(comparison),
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

export const COMPARISON_HEAD = [
  '| row | measured | figure | against | figure | ratio | goal | reached |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
];

function judge({ reference: { atMost }, ratio }: Comparison): string {
  if (atMost === undefined) return '–';
  return ratio <= atMost ? 'yes' : '**no**';
}

function formatSummary({ median, p10, p90 }: Summary, { unit }: Figure): string {
  return `${round(median)} ${unit} (${round(p10)}–${round(p90)})`;
}

/** How a row was measured, and both figures of everything in it. */
export function formatSection(result: Result, conditions: string): string {
  const { row, rounds, subject, comparisons, remark } = result;
  const { figure, beside } = row;
  const contenders = [
    { name: row.subject, summary: subject },
    ...comparisons.map(({ reference, summary }) => ({ name: reference.name, summary })),
  ];
  return [
    `### ${row.name}`,
    '',
    [row.note, remark].filter((text) => text !== undefined).join(' '),
    '',
    `${conditions}; ${rounds} rounds after ${row.warmUps} to warm up.`,
    '',
    `| | ${figure.name}, ${figure.unit} | p10 | p90 | ${beside.name}, ${beside.unit} |`,
    '| --- | --- | --- | --- | --- |',
    ...contenders.map(
      ({ name, summary: { median, p10, p90, beside: other } }) =>
        `| ${[name, ...[median, p10, p90, other].map(round)].join(' | ')} |`,
    ),
  ].join('\n');
}

/** Three significant figures; more would be noise. */
function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function formatRowList(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  return rows
    .map(({ name, subject, references }) => {
      const against = references.map((reference) =>
        reference.atMost === undefined
          ? reference.name
          : `${reference.name} (≤ ${reference.atMost} ×)`,
      );
      return `${name.padEnd(width)}${subject}, against ${against.join(' and ')}\n`;
    })
    .join('');
}
