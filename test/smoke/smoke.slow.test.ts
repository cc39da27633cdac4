import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { programRoot } from '#kit/program.ts';
import { type Result, runScenarios } from './run-scenarios.ts';
import { SCENARIOS } from './scenarios/index.ts';

// As many as the machine has processors where all tests must pass.
const JOBS = 2;

/** For all of them; each has a limit of its own. */
const TIMEOUT_MS = 40 * 60_000;

test('smoke', { timeout: TIMEOUT_MS }, async (t) => {
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
  const waiting = new Map(
    SCENARIOS.map(({ name }) => [name, Promise.withResolvers<Result>()] as const),
  );
  const onResult = (result: Result) => waiting.get(result.name)?.resolve(result);
  const running = runScenarios(SCENARIOS, { jobs: JOBS, signal: t.signal, onResult });
  // What ends the run ends the wait for each of its results.
  running.catch((error: unknown) => {
    for (const { reject } of waiting.values()) reject(error);
  });
  for (const { name, about } of SCENARIOS) {
    await t.test(`${name}: ${about}`, async (own) => {
      const result = await waiting.get(name)?.promise;
      if (result?.status === 'skipped') own.skip(result.reason);
      assert.notEqual(result?.status, 'failed', result?.output);
    });
  }
  await t.test('nothing is left behind', async () => {
    const [last] = (await running).filter(({ name }) => !waiting.has(name));
    assert.equal(last, undefined, last?.output);
  });
});
