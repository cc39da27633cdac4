import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { formatHolder } from '#kit/process-lock.ts';
import { programRoot, VERSION } from '#kit/program.ts';
import { until } from '#kit/testing/until.ts';
import { openLocalUser } from './local-user.ts';
import { needsMountNamespace } from './needs.ts';
import { signalProcess } from './signal-process.ts';

const isRoot = process.getuid?.() === 0;
const skip = isRoot && needsMountNamespace;

// The launcher bundles a checkout that has changed; here its owner has done so before.
before(() => {
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
});

const NO_VMS = { code: 0, stdout: '[]\n', stderr: '' };

test('a command that needs no service starts none', { skip }, async (t) => {
  const user = openLocalUser(t);
  const { code, stdout } = await user.banger('version', '--json');
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).version, VERSION);
  assert.deepEqual(user.pidsOf('vmd'), []);
});

test('the first command that needs a service starts it, and the next one finds it', {
  skip,
}, async (t) => {
  const user = openLocalUser(t);
  assert.deepEqual(await user.banger('vm', 'list', '--json'), NO_VMS);
  const [pid, ...others] = user.pidsOf('vmd');
  assert.ok(pid !== undefined && others.length === 0);
  assert.deepEqual(await user.banger('vm', 'list', '--json'), NO_VMS);
  assert.deepEqual(user.pidsOf('vmd'), [pid]);
});

test('commands that start at once share one service and all succeed', { skip }, async (t) => {
  const user = openLocalUser(t);
  const ended = await Promise.all([1, 2, 3, 4].map(() => user.banger('vm', 'list', '--json')));
  for (const each of ended) assert.deepEqual(each, NO_VMS);
  await until(() => user.pidsOf('vmd').length === 1);
});

test('a service that was killed is started again by the next command', { skip }, async (t) => {
  const user = openLocalUser(t);
  await user.banger('vm', 'list');
  const [pid = 0] = user.pidsOf('vmd');
  signalProcess(pid, 'SIGKILL');
  await until(() => user.pidsOf('vmd').length === 0);
  assert.deepEqual(await user.banger('vm', 'list', '--json'), NO_VMS);
  assert.notEqual(user.pidsOf('vmd')[0], pid);
});

test('a service that only others call is started again while they run, however it ended', {
  skip,
}, async (t) => {
  const user = openLocalUser(t);
  await user.banger('vm', 'list');
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalProcess(user.pidsOf('imaged')[0] ?? 0, signal);
    await until(() => user.pidsOf('imaged').length === 0);
    assert.deepEqual(await user.banger('vm', 'list', '--json'), NO_VMS);
    assert.equal(user.pidsOf('imaged').length, 1);
  }
});

test('a service that was suspended is named by whatever command comes next', {
  skip,
}, async (t) => {
  const user = openLocalUser(t);
  await user.banger('vm', 'list');
  const [pid = 0] = user.pidsOf('imaged');
  signalProcess(pid, 'SIGSTOP');
  const { code, stderr } = await user.banger('vm', 'list');
  signalProcess(pid, 'SIGCONT');
  assert.equal(code, 0);
  assert.match(stderr, new RegExp(`imaged .* is suspended, .* with: kill -CONT ${pid}\n`));
  assert.deepEqual(await user.banger('vm', 'list', '--json'), NO_VMS);
});

test('a service of another build is replaced by the next command that calls one, and said so', {
  skip,
}, async (t) => {
  const user = openLocalUser(t);
  await user.banger('vm', 'list');
  const before = user.pidsOf('vmd');
  // What a service of yesterday's checkout would have written there.
  writeFileSync(user.lockOf('vmd'), formatHolder({ pid: before[0] ?? 0, build: 'yesterday' }));
  assert.equal((await user.banger('version')).stderr, '');
  assert.deepEqual(user.pidsOf('vmd'), before);
  const { code, stdout, stderr } = await user.banger('vm', 'list', '--json');
  assert.deepEqual({ code, stdout }, { code: 0, stdout: '[]\n' }, stderr);
  assert.match(stderr, /^restarted vmd, which ran another build of banger; machines go on\n$/);
  assert.notDeepEqual(user.pidsOf('vmd'), before);
  assert.deepEqual(await user.banger('vm', 'list', '--json'), NO_VMS);
});

test('two users at once have services of their own', {
  skip: isRoot ? needsMountNamespace : 'needs root to be two users',
}, async (t) => {
  const users = [openLocalUser(t), openLocalUser(t, { uid: 4503 })];
  const ended = await Promise.all(users.map((user) => user.banger('vm', 'list', '--json')));
  for (const each of ended) assert.deepEqual(each, NO_VMS);
  const [one = [], other = []] = users.map((user) => user.pidsOf('vmd'));
  assert.equal(one.length, 1);
  assert.equal(other.length, 1);
  assert.notDeepEqual(one, other);
});

test('without a home, or with a state folder that cannot be made, it is said what to do', {
  skip,
}, async (t) => {
  const user = openLocalUser(t);
  const homeless = await user.bangerWith({ HOME: undefined }, 'vm', 'list');
  assert.equal(homeless.code, 1);
  assert.match(homeless.stderr, /^banger: HOME is not set.*set HOME, or XDG_STATE_HOME/);
  const stuck = await user.bangerWith({ XDG_STATE_HOME: '/dev/null/state' }, 'vm', 'list');
  assert.equal(stuck.code, 1);
  assert.match(stuck.stderr, /^banger: the folders of the services cannot be made: .*\/dev\/null/);
  assert.deepEqual(user.pidsOf('vmd'), []);
});

test('status tells of every service, and stop ends them all', { skip }, async (t) => {
  const user = openLocalUser(t);
  await user.banger('daemon', 'start');
  const { code, stdout } = await user.banger('daemon', 'status', '--json');
  assert.equal(code, 0);
  const services = JSON.parse(stdout) as { service: string; state: string; pid: number }[];
  assert.deepEqual(
    services.map(({ service, state }) => [service, state]),
    ['vmd', 'imaged', 'netd'].map((name) => [name, 'healthy']),
  );
  for (const { service, pid } of services) assert.deepEqual(user.pidsOf(service), [pid]);

  assert.equal((await user.banger('daemon', 'stop')).code, 0);
  for (const { service } of services) assert.deepEqual(user.pidsOf(service), []);
  const logs = await user.banger('daemon', 'logs', 'vmd');
  assert.match(logs.stdout, /service ready[\s\S]*service stopped/);
});
