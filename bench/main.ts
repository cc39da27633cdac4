import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '#kit/atomic-file.ts';
import { programRoot } from '#kit/program.ts';
import { describeMachine } from './machine.ts';
import { measureRow, type Result } from './measure.ts';
import { KERNEL_VARIABLE } from './own-kernel.ts';
import { updatePage } from './page.ts';
import { PICTURE_FOLDER, type Picture } from './pictures/picture.ts';
import { COMPARISON_HEAD, formatComparisons, formatRowList, formatSection } from './report.ts';
import { isSkipped, type Row, type Scope, type Skipped } from './row.ts';
import { ROWS } from './rows/index.ts';
import { createShare } from './share.ts';

const USAGE = `Usage: npm run bench -- [--list] [--rounds N] [row...]

Measures the named rows, or all, and puts them into docs/performance.md. With another number of rounds than a
row's own it only prints, because few rounds prove nothing.

Rows that start machines need what machines need (see docs/images.md) and make kernels and images of their own. With
${KERNEL_VARIABLE}=FILE, a bundle of \`banger kernel export\`, the row create-own-kernel is measured too.
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
  await using cleanup = new AsyncDisposableStack();
  const share = createShare({ folder: openFolder(cleanup), cleanup });
  for (const row of rows) {
    const conditions = `Measured ${new Date().toISOString().slice(0, 10)} on ${describeMachine()}`;
    const result = await measureAlone(row, share, { rounds: rounds ?? row.rounds, signal });
    if (isSkipped(result)) {
      process.stdout.write(`${row.name} is skipped: ${result.skipped}\n\n`);
      continue;
    }
    process.stdout.write(`${formatSection(result, conditions)}\n\n`);
    process.stdout.write(`${[...COMPARISON_HEAD, ...formatComparisons(result)].join('\n')}\n\n`);
    // After every row: an hour of measuring is not lost with the last one.
    if (rounds === undefined) await publish(result, conditions);
  }
}

async function publish(result: Result, conditions: string): Promise<void> {
  const docs = join(programRoot(), 'docs');
  const page = join(docs, 'performance.md');
  const before = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const order = ROWS.map(({ name }) => name);
  await writePictures(join(docs, PICTURE_FOLDER), result.pictures);
  await writeFileAtomic(page, updatePage(before, order, [{ result, conditions }]), 0o644);
}

async function writePictures(folder: string, pictures: readonly Picture[]): Promise<void> {
  if (pictures.length > 0) mkdirSync(folder, { recursive: true });
  for (const { name, svg } of pictures) {
    await writeFileAtomic(join(folder, `${name}.svg`), svg, 0o644);
  }
}

/** Whatever happens in a row, what it started is stopped and what it wrote is removed. */
async function measureAlone(
  row: Row,
  share: Scope['share'],
  options: { rounds: number; signal: AbortSignal },
): Promise<Result | Skipped> {
  await using cleanup = new AsyncDisposableStack();
  return await measureRow(row, { folder: openFolder(cleanup), cleanup, share }, options);
}

/** What comes into the stack later goes before the folder does. */
function openFolder(cleanup: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), 'banger-bench-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  // Machines run under another account when root measures, and must be able to pass through.
  chmodSync(folder, 0o711);
  return folder;
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
