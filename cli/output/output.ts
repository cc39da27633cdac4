import type { Environment } from '#kit/paths.ts';
import { formatTable, type Table } from './table.ts';

export type OutputOptions = {
  json: boolean;
  quiet: boolean;
  color: boolean;
};

/** Where a command's results and remarks go: results to stdout, everything said beside them to stderr. */
export type Output = OutputOptions & {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
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
  return {
    ...options,
    stdout,
    stderr,
    result: (value, text) => line(options.json ? JSON.stringify(value, null, 2) : text()),
    rows(rows, table, toJson) {
      if (options.json) line(JSON.stringify(rows.map(toJson), null, 2));
      else if (options.quiet) for (const row of rows) line(table[0]?.text(row) ?? '');
      else stdout.write(formatTable(rows, table, { widthOf: stdout, color: options.color }));
    },
    note(text) {
      if (!options.quiet) stderr.write(`${text}\n`);
    },
  };
}

/** Colour is for a terminal that shows it and a person who has not said no (https://no-color.org). */
export function wantsColor(stream: NodeJS.WriteStream, env: Environment, asked: boolean): boolean {
  return asked && stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
