import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { findProcess, isRunning, processUsage, workingFolder } from './process-identity.ts';

test('this process is found, runs, and stands where it stands', () => {
  const self = findProcess(process.pid);
  assert.ok(self !== undefined && self.startTicks > 0);
  assert.equal(isRunning(self), true);
  assert.equal(workingFolder(process.pid), process.cwd());
  assert.ok((processUsage(process.pid)?.residentBytes ?? 0) > 2 ** 20);
});

test('a pid with another start time is another process', () => {
  const self = findProcess(process.pid);
  assert.ok(self !== undefined);
  assert.equal(isRunning({ ...self, startTicks: self.startTicks - 1 }), false);
});

test('a process that has ended is found no more', async () => {
  const child = spawn('/bin/true', { stdio: 'ignore' });
  await once(child, 'exit');
  assert.equal(findProcess(child.pid ?? 0), undefined);
  assert.equal(workingFolder(child.pid ?? 0), undefined);
  assert.equal(processUsage(child.pid ?? 0), undefined);
});
