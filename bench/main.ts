import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '#kit/atomic-file.ts';
import { programRoot } from '#kit/program.ts';
import { describeMachine } from './machine.ts';
import { measureRow, type Result } from './measure.ts';
import { updatePage } from './page.ts';
import { COMPARISON_HEAD, formatComparisons, formatRowList, formatSection } from './report.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows/index.ts';

const USAGE = `Usage: npm run bench -- [--list] [--rounds N] [row...]

Measures the named rows, or all, and puts them into docs/performance.md. With another number of rounds than a
row's own it only prints, because few rounds prove nothing.
`;

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: 'boolean' },
      rounds: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) process.stdout.write(USAGE);
  else if (values.list) process.stdout.write(formatRowList(ROWS));
  else await measureAll(findRows(positionals), parseRounds(values.rounds), listenForSignals());
}

function findRows(names: readonly string[]): readonly Row[] {
  if (names.length === 0) return ROWS;
  return names.map((name) => {
    const row = ROWS.find((known) => known.name === name);
    if (row === undefined)
      throw new Error(`there is no row "${name}"; see: npm run bench -- --list`);
    return row;
  });
}

function parseRounds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--rounds is a number from 1 on, not "${text}"`);
  return Number(text);
}

async function measureAll(
  rows: readonly Row[],
  rounds: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const page = join(programRoot(), 'docs/performance.md');
  const order = ROWS.map(({ name }) => name);
  for (const row of rows) {
    const conditions = `Measured ${new Date().toISOString().slice(0, 10)} on ${describeMachine()}`;
    const result = await measureAlone(row, rounds ?? row.rounds, signal);
    process.stdout.write(`${formatSection(result, conditions)}\n\n`);
    process.stdout.write(`${[...COMPARISON_HEAD, ...formatComparisons(result)].join('\n')}\n\n`);
    if (rounds !== undefined) continue;
    // After every row: an hour of measuring is not lost with the last one.
    const before = existsSync(page) ? readFileSync(page, 'utf8') : '';
    await writeFileAtomic(page, updatePage(before, order, [{ result, conditions }]), 0o644);
  }
}

/** Whatever happens in a row, what it started is stopped and what it wrote is removed. */
async function measureAlone(row: Row, rounds: number, signal: AbortSignal): Promise<Result> {
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'banger-bench-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  return await measureRow(row, { folder, cleanup }, { rounds, signal });
}

/** Ctrl-C ends the row after the measurement that runs, so that nothing is left behind. */
function listenForSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => controller.abort(new Error(`ended by ${signal}`)));
  }
  return controller.signal;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
