import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { programRoot } from '#kit/program.ts';
import { choose, WrongWords } from './choose.ts';
import { countResults, formatList, formatResult, formatSummary } from './report.ts';
import { type Result, runScenarios } from './run-scenarios.ts';
import { SCENARIOS, WITHOUT_COUNTERPART } from './scenarios/index.ts';

const USAGE = `Usage: npm run smoke -- [--list] [--scenario NAME,...] [--class CLASS,...] [--jobs N] [--json FILE]

Runs scenarios of test/smoke with the banger of this checkout, for a user and in folders made for it.
`;

const OPTIONS = {
  list: { type: 'boolean' },
  scenario: { type: 'string', multiple: true },
  class: { type: 'string', multiple: true },
  jobs: { type: 'string', default: String(availableParallelism()) },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** As a shell says of who was ended by SIGINT. */
const INTERRUPTED = 130;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const chosen = choose(SCENARIOS, values.scenario, values.class);
  if (values.help || values.list) {
    process.stdout.write(values.help ? USAGE : formatList(chosen, WITHOUT_COUNTERPART));
    return 0;
  }
  if (!/^[1-9]\d?$/.test(values.jobs)) {
    throw new WrongWords(`--jobs is a number from 1 to 99, not "${values.jobs}"`);
  }
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
  const signal = listenForSignals();
  const jobs = Number(values.jobs);
  const startedAt = new Date();
  const onResult = (result: Result) => void process.stdout.write(formatResult(result));
  const results = await runScenarios(chosen, { jobs, signal, onResult });
  const count = countResults(results);
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  if (values.json !== undefined) {
    const report = { startedAt, seconds, jobs, interrupted: signal.aborted, ...count, results };
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  process.stdout.write(
    `\n${formatSummary(results)}\n${results.length} in ${seconds.toFixed(0)} s\n`,
  );
  process.stdout.write(
    `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`,
  );
  if (signal.aborted) return INTERRUPTED;
  return count.failed === 0 ? 0 : 1;
}

/** Ctrl-C ends the scenarios that run and starts no more; what they made is removed, which takes some seconds. */
function listenForSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      process.stderr.write(`smoke: ${signal}: cleaning up\n`);
      controller.abort(new Error(`ended by ${signal}`));
    });
  }
  return controller.signal;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`smoke: ${error instanceof WrongWords ? error.message : inspect(error)}\n`);
  process.exitCode = 1;
}
