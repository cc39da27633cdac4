import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { programRoot } from '#kit/program.ts';
import { isTest, readTree } from './policy/tree.ts';
import { report, type Totals } from './reporter.ts';

// node test/run-tests.ts [--failed N] unit|integration|slow ...
// Runs the files of these kinds and ends with the line that says how many tests passed, failed and were skipped.
// N is how many checks failed before, so that they count.

type Batch = {
  kind: 'unit' | 'integration' | 'slow';
  has(file: string): boolean;
  /** Stories of whole houses boot machines and must not share the processors with others. */
  filesAtOnce: number;
  testTimeoutMs: number;
};

const isSlow = (file: string) => file.endsWith('.slow.test.ts');
const isStory = (file: string) =>
  file.startsWith('test/integration/') || (file.startsWith('test/') && isSlow(file));

const BATCHES: readonly Batch[] = [
  {
    kind: 'unit',
    has: (file) => !isSlow(file) && !isStory(file),
    filesAtOnce: 2,
    testTimeoutMs: 60_000,
  },
  {
    kind: 'integration',
    has: (file) => !isSlow(file) && isStory(file),
    filesAtOnce: 1,
    testTimeoutMs: 120_000,
  },
  {
    kind: 'slow',
    has: (file) => isSlow(file) && !isStory(file),
    filesAtOnce: 2,
    testTimeoutMs: 300_000,
  },
  {
    kind: 'slow',
    has: (file) => isSlow(file) && isStory(file),
    filesAtOnce: 1,
    testTimeoutMs: 300_000,
  },
];

/** Whoever waits for the result gives up some time after this. What has not run by then has failed. */
const ALL_TESTS_MS = 75 * 60_000;

const limit = AbortSignal.timeout(ALL_TESTS_MS);
const root = programRoot();
const files = readTree(root).paths.filter(isTest);

async function runBatch(batch: Batch, totals: Totals): Promise<void> {
  const chosen = files.filter(batch.has);
  if (limit.aborted) {
    totals.failed += chosen.length;
    return;
  }
  // Unit tests share their folders.
  process.env.BANGER_TEST_LEAKS = batch.kind === 'unit' ? '0' : '1';
  const events = run({
    files: chosen.map((file) => join(root, file)),
    concurrency: batch.filesAtOnce,
    signal: limit,
    execArgv: [
      `--test-timeout=${batch.testTimeoutMs}`,
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
const pantry = mkdtempSync(join(tmpdir(), 'banger-pantry-'));
process.env.BANGER_TEST_PANTRY = pantry;
for (const batch of BATCHES) {
  if (positionals.includes(batch.kind)) await runBatch(batch, totals);
}
rmSync(pantry, { recursive: true });
process.stdout.write(
  `${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`,
);
process.exitCode = totals.failed === 0 ? 0 : 1;
