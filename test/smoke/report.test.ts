import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countResults, formatResult, formatSummary } from './report.ts';
import type { Result } from './run-scenarios.ts';
import { createTranscript } from './transcript.ts';

const passed: Result = {
  name: 'bare_run',
  class: 'pure',
  status: 'passed',
  seconds: 1.25,
  reason: '',
  output: '',
};
const failed: Result = { ...passed, name: 'nat', status: 'failed', seconds: 20, output: 'a\nb' };
const skipped: Result = { ...passed, status: 'skipped', reason: 'needs root' };

test('a result is a line, and a failure is told whole', () => {
  assert.equal(formatResult(passed), 'ok    bare_run (1.3 s)\n');
  assert.equal(formatResult(skipped), 'skip  bare_run: needs root\n');
  assert.equal(formatResult(failed), 'FAIL  nat (20.0 s)\n      a\n      b\n');
});

test('the summary has the slowest first, and every result is counted once', () => {
  assert.match(formatSummary([passed, failed]), /SCENARIO[\s\S]*nat[\s\S]*bare_run/);
  assert.deepEqual(countResults([passed, failed, skipped, passed]), {
    passed: 2,
    failed: 1,
    skipped: 1,
  });
});

test('a transcript has each command as it can be typed, its status and its output', () => {
  const transcript = createTranscript(() => 0);
  const entry = transcript.begin(['vm', 'exec', 'web', '--', 'echo', "it's"]);
  entry.end({ code: 3, stdout: 'out\n', stderr: 'x'.repeat(3000) });
  assert.match(String(transcript), /\$ banger vm exec web -- echo 'it'\\''s'\n/);
  assert.match(String(transcript), /3 = banger vm exec[^\n]*\n +out out\n +err x{2000}… \(3000\)$/);
});
