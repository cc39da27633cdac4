import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  findProcess,
  findProcessIn,
  isRunning,
  processUsage,
  standsIn,
} from './process-identity.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';
import { until } from './testing/until.ts';

/** Ends the calling thread only; by architecture, because unistd.h has no function for it. */
const SYS_EXIT = process.arch === 'arm64' ? 93 : 60;

test('this process is found, runs, and stands where it stands', () => {
  const self = findProcess(process.pid);
  assert.ok(self !== undefined && self.startTicks > 0);
  assert.equal(isRunning(self), true);
  assert.equal(standsIn(process.pid, process.cwd()), true);
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
  assert.equal(standsIn(child.pid ?? 0, process.cwd()), false);
  assert.equal(processUsage(child.pid ?? 0), undefined);
});

test('a process is found by the folder that it stands in, also through a link', async (t) => {
  const folder = temporaryFolder(t);
  const link = join(temporaryFolder(t), 'link');
  symlinkSync(folder, link);
  assert.equal(findProcessIn(link), undefined);
  const child = spawn('/bin/sleep', ['60'], { cwd: folder, stdio: 'ignore' });
  t.after(() => child.kill());
  await once(child, 'spawn');
  assert.equal(findProcessIn(link)?.pid, child.pid);
  assert.equal(standsIn(child.pid ?? 0, link), true);
  assert.equal(findProcessIn(join(folder, 'gone')), undefined);
});

test('a process whose first thread has ended runs while another one does', async (t) => {
  const source = `import ctypes, os, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).syscall(${SYS_EXIT}, 0)`;
  const child = spawn('/usr/bin/python3', ['-c', source], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const state = () => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  await until(() => state() === 'Z');
  assert.equal(findProcess(pid)?.pid, pid);
});
