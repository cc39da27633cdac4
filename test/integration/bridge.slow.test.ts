import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { programRoot } from '#kit/program.ts';
import { until } from '#kit/testing/until.ts';
import { openLocalUser } from './local-user.ts';
import { needsMountNamespace } from './needs.ts';
import { openRootUser, uidOf } from './root-user.ts';
import { signalProcess } from './signal-process.ts';

const skip = needsMountNamespace;

before(() => {
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
});

test('root opens the bridge, and nothing but rootd runs as root', { skip }, async (t) => {
  const root = await openRootUser(t);
  const { code, stderr } = await root.banger('daemon', 'start', '--bridge');
  assert.equal(code, 0, stderr);
  assert.match(await root.run('ip', '-brief', 'address', 'show', 'br-banger'), /172\.30\.0\.1\/16/);
  const { stdout } = await root.banger('daemon', 'status', '--json');
  const services = JSON.parse(stdout) as { service: string; state: string; pid: number }[];
  assert.deepEqual(
    services.map(({ service, state, pid }) => [service, state, uidOf(pid) === 0]),
    [
      ['vmd', 'healthy', false],
      ['imaged', 'healthy', false],
      ['netd', 'healthy', false],
      ['rootd', 'healthy', true],
    ],
  );
});

test('the network is told as it is, and doctor has what rootd found, once', { skip }, async (t) => {
  const root = await openRootUser(t);
  await root.banger('daemon', 'start', '--bridge');
  const { code, stdout } = await root.banger('net', 'status', '--json');
  const { modes, bridge, disagreements } = JSON.parse(stdout);
  assert.deepEqual([code, bridge.address, disagreements], [0, '172.30.0.1/16', []]);
  assert.deepEqual(modes[0], { mode: 'bridge', available: true, reason: '' });
  await root.run('nft', 'add', 'table', 'inet', 'theirs');
  const chain = '{ type filter hook forward priority 0; policy drop; }';
  await root.run('nft', 'add', 'chain', 'inet', 'theirs', 'forwarding', chain);
  const checks = JSON.parse((await root.banger('doctor', '--json')).stdout) as {
    name: string;
    status: string;
    detail: string;
  }[];
  const filters = checks.filter(({ name }) => name === 'other packet filters');
  assert.deepEqual(
    filters.map(({ status }) => status),
    ['warn'],
  );
  assert.match(filters[0]?.detail ?? '', /table inet theirs drops by default/);
});

test('a rootd that was killed is back after the next command, and a stop ends it last', {
  skip,
}, async (t) => {
  const root = await openRootUser(t);
  await root.banger('daemon', 'start', '--bridge');
  const [pid = 0] = root.pidsOf('rootd');
  signalProcess(pid, 'SIGKILL');
  await until(() => root.pidsOf('rootd').length === 0);
  assert.equal((await root.banger('vm', 'list')).code, 0);
  assert.notEqual(root.pidsOf('rootd')[0], undefined);

  const { stdout } = await root.banger('daemon', 'stop', '--json');
  assert.deepEqual(JSON.parse(stdout), { stopped: ['vmd', 'imaged', 'netd', 'rootd'] });
  assert.doesNotMatch(await root.run('ip', '-brief', 'link'), /bgtap-/);
});

test('a bridge that clashes with a route of the host is refused, and no rootd stays', {
  skip,
}, async (t) => {
  const root = await openRootUser(t);
  await root.run('ip', 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'far');
  await root.run('ip', 'address', 'add', '172.30.7.1/24', 'dev', 'lan');
  for (const end of ['lan', 'far']) await root.run('ip', 'link', 'set', end, 'up');
  const { code, stderr } = await root.banger('daemon', 'start', '--bridge');
  assert.equal(code, 1);
  assert.match(stderr, /bridge cannot be opened: .*172\.30\.7\.0\/24/);
  assert.deepEqual(root.pidsOf('rootd'), []);
});

test('a person without rights is told who may open the bridge', { skip }, async (t) => {
  const user = openLocalUser(t);
  const { code, stderr } = await user.banger('daemon', 'start', '--bridge');
  assert.equal(code, 1);
  assert.match(stderr, /start it with: sudo banger daemon start --bridge/);
  assert.deepEqual(user.pidsOf('netd'), []);
});
