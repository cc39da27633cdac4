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
  /** A result: JSON with --json, else text. */
  result(value: unknown, text: () => string): void;
  /** Rows: JSON with --json, the first column alone with --quiet, else a table. */
  rows<Row>(rows: readonly Row[], table: Table<Row>, toJson: (row: Row) => unknown): void;
  /** A remark for people; silent with --quiet. */
  note(text: string): void;
};

export function createOutput(
  streams: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream },
  options: OutputOptions,
): Output {
  const { stdout, stderr } = streams;
  const line = (text: string) => void stdout.write(`${text}\n`);
  const { json, format } = options;
  return {
    ...options,
    structured: json || format !== undefined,
    stdout,
    stderr,
    result(value, text) {
      if (format !== undefined) for (const row of listOf(value)) line(formatFields(row, format));
      else line(json ? JSON.stringify(value, null, 2) : text());
    },
    rows(rows, table, toJson) {
      if (format !== undefined) for (const row of rows) line(formatFields(toJson(row), format));
      else if (json) line(JSON.stringify(rows.map(toJson), null, 2));
      else if (options.quiet) for (const row of rows) line(table[0]?.text(row) ?? '');
      else stdout.write(formatTable(rows, table, { widthOf: stdout, color: options.color }));
    },
    note(text) {
      if (!options.quiet) stderr.write(`${text}\n`);
    },
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Colour is for a terminal that shows it and a person who has not said no (https://no-color.org). */
export function wantsColor(stream: NodeJS.WriteStream, env: Environment, asked: boolean): boolean {
  return asked && stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
