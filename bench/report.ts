import type { Comparison, Result, Summary } from './measure.ts';
import { PICTURE_FOLDER } from './pictures/picture.ts';
import type { Figure, Reference, Row } from './row.ts';

/** One line for each thing the row is compared with. */
export function formatComparisons({ row, subject, comparisons }: Result): string[] {
  return comparisons.map((comparison) => {
    const { reference, summary } = comparison;
    const cells = [
      `[${row.name}](#${row.name})`,
      row.subject,
      formatSummary(subject, row.figure),
      reference.name,
      formatSummary(summary, row.figure),
      formatRelation(comparison, row.figure),
      formatGoal(reference, row.figure) ?? '–',
      judge(comparison),
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

export const COMPARISON_HEAD = [
  '| row | measured | figure | against | figure | ratio | goal | reached |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
];

/** Where the goal is a difference, that is what is shown. */
function formatRelation({ reference, ratio, difference }: Comparison, { unit }: Figure): string {
  if (reference.atMostMore === undefined) return `${ratio.toFixed(2)} ×`;
  return `${difference < 0 ? '−' : '+'} ${round(Math.abs(difference))} ${unit}`;
}

function formatGoal({ atMost, atMostMore }: Reference, { unit }: Figure): string | undefined {
  if (atMost !== undefined) return `≤ ${atMost} ×`;
  return atMostMore === undefined ? undefined : `≤ + ${atMostMore} ${unit}`;
}

function judge(comparison: Comparison): string {
  const reached = isReached(comparison);
  if (reached === undefined) return '–';
  return reached ? 'yes' : '**no**';
}

/** Undefined where there is no goal. */
function isReached({ reference, ratio, difference }: Comparison): boolean | undefined {
  const { atMost, atMostMore } = reference;
  if (atMost !== undefined) return ratio <= atMost;
  return atMostMore === undefined ? undefined : difference <= atMostMore;
}

function formatSummary({ median, p10, p90 }: Summary, { unit }: Figure): string {
  return `${round(median)} ${unit} (${round(p10)}–${round(p90)})`;
}

const WHY = '**Why a goal is missed:** ';
const UNKNOWN = `${WHY}not explained yet.`;

/** How a row was measured, both figures of everything in it, and of a missed goal what the page said so far. */
export function formatSection(result: Result, conditions: string, before = ''): string {
  const { row, rounds, subject, comparisons, remark, pictures } = result;
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
    ...pictures.flatMap(({ name, title }) => ['', `![${title}](${PICTURE_FOLDER}/${name}.svg)`]),
    ...(comparisons.some((comparison) => isReached(comparison) === false)
      ? ['', findExplanation(before) ?? UNKNOWN]
      : []),
  ].join('\n');
}

/** People write it into the page, and measuring again keeps it. */
function findExplanation(section: string): string | undefined {
  return section.split('\n\n').find((paragraph) => paragraph.startsWith(WHY));
}

/** Three significant figures; more would be noise. */
function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function formatRowList(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  return rows
    .map(({ name, subject, references, figure }) => {
      const against = references.map((reference) => {
        const goal = formatGoal(reference, figure);
        return goal === undefined ? reference.name : `${reference.name} (${goal})`;
      });
      return `${name.padEnd(width)}${subject}, against ${against.join(' and ')}\n`;
    })
    .join('');
}
