import type { Environment } from '#kit/paths.ts';
import { formatFields } from './fields.ts';
import { formatTable, type Table } from './table.ts';

export type OutputOptions = {
  json: boolean;
  quiet: boolean;
  color: boolean;
  /** Only these fields of what --json prints, a tab between them. */
  format?: readonly string[] | undefined;
};

/** Where a command's results and remarks go: results to stdout, everything said beside them to stderr. */
export type Output = OutputOptions & {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Whether results are for programs: JSON, or fields of it. */
  structured: boolean;
  /** A result: JSON with --json, its id with --quiet where it has one, else text. */
  result(value: unknown, text: () => string): void;
  /** Several results, one a line: by the same rules. */
  lines<Item>(
    items: readonly Item[],
    toJson: (item: Item) => unknown,
    text: (item: Item) => string,
  ): void;
  /** Several results as a table, or the remark where there is none; with --quiet the ids, or the first column. */
  rows<Row>(
    rows: readonly Row[],
    table: Table<Row>,
    toJson: (row: Row) => unknown,
    none?: string,
  ): void;
  /** A remark for people; silent with --quiet. */
  note(text: string): void;
};

export function createOutput(
  streams: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream },
  options: OutputOptions,
): Output {
  const { stdout, stderr } = streams;
  const line = (text: string) => void stdout.write(`${text}\n`);
  const { json, quiet, color, format } = options;
  const structured = json || format !== undefined;
  const printStructured = (value: unknown) => {
    if (format === undefined) line(JSON.stringify(value, null, 2));
    else for (const each of listOf(value)) line(formatFields(each, format));
  };
  const output: Output = {
    ...options,
    structured,
    stdout,
    stderr,
    result(value, text) {
      if (structured) printStructured(value);
      else line((quiet ? idOf(value) : undefined) ?? text());
    },
    lines(items, toJson, text) {
      if (structured) printStructured(items.map(toJson));
      else for (const item of items) output.result(toJson(item), () => text(item));
    },
    rows(rows, table, toJson, none) {
      if (structured || quiet) output.lines(rows, toJson, (row) => table[0]?.text(row) ?? '');
      else if (rows.length === 0 && none !== undefined) output.note(none);
      else stdout.write(formatTable(rows, table, { widthOf: stdout, color }));
    },
    note(text) {
      if (!quiet) stderr.write(`${text}\n`);
    },
  };
  return output;
}

function idOf(value: unknown): string | undefined {
  const hasId = typeof value === 'object' && value !== null && 'id' in value;
  return hasId ? String(value.id) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Colour is for a terminal that shows it and a person who has not said no (https://no-color.org). */
export function wantsColor(stream: NodeJS.WriteStream, env: Environment, asked: boolean): boolean {
  return asked && stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
