import { styleText } from 'node:util';

export type Column<Row> = {
  title: string;
  text(row: Row): string;
  align?: 'right';
  /** May be cut short where the terminal is too narrow; a name or id may not. */
  shrinks?: boolean;
};

export type Table<Row> = readonly Column<Row>[];

type TableOptions = { widthOf: { isTTY?: boolean; columns?: number }; color: boolean };

const GAP = '  ';
const NARROWEST = 6;

/** A table that fits the terminal; in a pipe it is as wide as its contents, so that nothing is lost. */
export function formatTable<Row>(
  rows: readonly Row[],
  table: Table<Row>,
  { widthOf, color }: TableOptions,
): string {
  const cells = rows.map((row) => table.map((column) => column.text(row)));
  const natural = table.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => (row[index] ?? '').length)),
  );
  // A pseudo-terminal may say that it has no columns at all.
  const available = widthOf.isTTY
    ? widthOf.columns || Number.POSITIVE_INFINITY
    : Number.POSITIVE_INFINITY;
  const widths = fit(table, natural, available);
  const titles = formatRow(
    table,
    table.map(({ title }) => title),
    widths,
  );
  const head = color ? styleText('bold', titles, { validateStream: false }) : titles;
  return [head, ...cells.map((row) => formatRow(table, row, widths))]
    .map((line) => `${line}\n`)
    .join('');
}

/** Takes from the columns that may shrink, widest first, until the row fits or nothing more can be taken. */
function fit<Row>(table: Table<Row>, natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  while (total() > available) {
    const widest = table
      .map((column, index) => ({ index, width: column.shrinks ? (widths[index] ?? 0) : 0 }))
      .reduce((a, b) => (b.width > a.width ? b : a));
    if (widest.width <= NARROWEST) break;
    widths[widest.index] = widest.width - 1;
  }
  return widths;
}

function formatRow<Row>(
  table: Table<Row>,
  cells: readonly string[],
  widths: readonly number[],
): string {
  const padded = table.map(({ align }, index) => {
    const width = widths[index] ?? 0;
    const text = cut(cells[index] ?? '', width);
    return align === 'right' ? text.padStart(width) : text.padEnd(width);
  });
  return padded.join(GAP).trimEnd();
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
