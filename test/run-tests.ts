import { join } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { programRoot } from '#kit/program.ts';
import { isTest, readTree } from './policy/tree.ts';
import { report, type Totals } from './reporter.ts';

// node test/run-tests.ts [--failed N] unit|integration|slow ...
// Runs the files of these kinds and ends with the line that says how many tests passed, failed and were skipped.
// N is how many checks failed before, so that they count.

const KINDS = ['unit', 'integration', 'slow'] as const;
type Kind = (typeof KINDS)[number];

/** Stories start services and must not share the machine with others. */
const FILES_AT_ONCE: Readonly<Record<Kind, number>> = { unit: 2, integration: 1, slow: 1 };

const TEST_TIMEOUT_MS: Readonly<Record<Kind, number>> = {
  unit: 60_000,
  integration: 120_000,
  slow: 300_000,
};

/** Whoever waits for the result gives up some time after this. What has not run by then has failed. */
const ALL_TESTS_MS = 55 * 60_000;

const limit = AbortSignal.timeout(ALL_TESTS_MS);

const root = programRoot();
const files = readTree(root).paths.filter(isTest);

function kindOf(file: string): Kind {
  if (file.endsWith('.slow.test.ts')) return 'slow';
  return file.startsWith('test/integration/') ? 'integration' : 'unit';
}

async function runKind(kind: Kind, totals: Totals): Promise<void> {
  const chosen = files.filter((file) => kindOf(file) === kind);
  if (limit.aborted) {
    totals.failed += chosen.length;
    return;
  }
  // Stories are alone on the machine, so that what is left is theirs.
  process.env.BANGER_TEST_LEAKS = kind === 'unit' ? '0' : '1';
  const events = run({
    files: chosen.map((file) => join(root, file)),
    concurrency: FILES_AT_ONCE[kind],
    signal: limit,
    execArgv: [
      `--test-timeout=${TEST_TIMEOUT_MS[kind]}`,
      `--import=${join(root, 'test/leak-guard.ts')}`,
    ],
  });
  for await (const text of report(events, root, totals)) process.stdout.write(text);
}

// Type stripping costs a third of a second per process; what is stripped once is kept beside the dependencies.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/banger-tests');

const { values, positionals } = parseArgs({
  options: { failed: { type: 'string', default: '0' } },
  allowPositionals: true,
});
const totals: Totals = { passed: 0, failed: Number(values.failed), skipped: 0 };
for (const kind of KINDS) {
  if (positionals.includes(kind)) await runKind(kind, totals);
}
process.stdout.write(
  `${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`,
);
process.exitCode = totals.failed === 0 ? 0 : 1;
