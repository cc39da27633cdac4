import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type TestContext, test } from 'node:test';
import { report } from './reporter.ts';

/** Runs a file of tests in a process of its own and answers what is printed and counted. */
async function reportOf(t: TestContext, source: string) {
  const folder = mkdtempSync(join(tmpdir(), 'banger-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'a.test.mjs');
  writeFileSync(file, `import { suite, test } from 'node:test';\n${source}`);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const parts = await Array.fromAsync(report(run({ files: [file] }), folder, totals));
  return { printed: parts.join(''), ...totals };
}

// A test process does not run test files of its own unless it forgets that it is one.
delete process.env.NODE_TEST_CONTEXT;

test('a test that holds others is not counted, and those that it holds are', async (t) => {
  const { passed, failed, skipped, printed } = await reportOf(
    t,
    `test('one', () => {});
     suite('several', () => { test('two', () => {}); test('three', () => {}); });
     test('parent', async (t) => { await t.test('four', () => {}); });`,
  );
  assert.deepEqual([passed, failed, skipped], [4, 0, 0]);
  assert.match(printed, /^ok {4}a\.test\.mjs \(\d+\.\d s\)\n$/);
});

test('a failure is printed with all titles above it and its whole error, once', async (t) => {
  const { passed, failed, printed } = await reportOf(
    t,
    `test('parent', async (t) => {
       await t.test('child', () => { throw new Error('what went wrong', { cause: 'and why' }); });
     });`,
  );
  assert.deepEqual([passed, failed], [0, 1]);
  assert.match(printed, /^FAIL {2}a\.test\.mjs › parent › child\n/);
  assert.match(printed, /what went wrong[\s\S]*a\.test\.mjs:3[\s\S]*and why/);
});

test('a parent that fails by itself counts beside its children', async (t) => {
  const { passed, failed } = await reportOf(
    t,
    `test('parent', async (t) => { await t.test('child', () => {}); throw new Error('own'); });`,
  );
  assert.deepEqual([passed, failed], [1, 1]);
});

test('a skip is printed with its reason', async (t) => {
  const { skipped, printed } = await reportOf(t, `test('boots', { skip: 'no qemu' }, () => {});`);
  assert.equal(skipped, 1);
  assert.match(printed, /^skip {2}a\.test\.mjs › boots: no qemu\n/);
});

test('a file that cannot be loaded, dies late or holds no test is a failure', async (t) => {
  const sources = [
    `import './nowhere.mjs';`,
    `test('one', () => {}); setTimeout(() => { throw new Error('late'); }, 50);`,
    '',
  ];
  for (const source of sources) {
    const { failed, printed } = await reportOf(t, source);
    assert.equal(failed, 1, source);
    assert.match(printed, /FAIL {2}a\.test\.mjs/);
  }
});
