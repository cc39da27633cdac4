import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTALLED, localPaths, logPath, servicePaths, socketPath } from './paths.ts';
import { failsWith } from './testing/fails-with.ts';

test('a user without XDG variables gets the folders that XDG names', () => {
  assert.deepEqual(localPaths({ HOME: '/home/ada' }, 1000), {
    mode: 'local',
    runtime: '/tmp/banger-1000',
    state: '/home/ada/.local/state/banger',
    cache: '/home/ada/.cache/banger',
    logs: '/home/ada/.local/state/banger/logs',
    config: '/home/ada/.config/banger/config.toml',
  });
});

test('XDG variables win, and relative ones count as absent, as XDG says', () => {
  const env = { HOME: '/home/ada', XDG_RUNTIME_DIR: '/run/user/1000', XDG_STATE_HOME: 'state' };
  const paths = localPaths(env, 1000);
  assert.equal(paths.runtime, '/run/user/1000/banger');
  assert.equal(paths.state, '/home/ada/.local/state/banger');
});

test('root gets the folders of the system, apart from those of an installation', () => {
  const paths = localPaths({}, 0);
  assert.equal(paths.state, '/var/lib/banger-local');
  assert.notEqual(paths.runtime, INSTALLED.runtime);
  assert.notEqual(paths.state, INSTALLED.state);
});

test('without HOME and without XDG variables there is an error that says what to set', () => {
  assert.throws(() => localPaths({}, 1000), failsWith('HOST_NOT_READY', /HOME is not set/));
});

test("rootd's socket lies in a folder of root's own", () => {
  assert.equal(socketPath(INSTALLED, 'vmd'), '/run/banger/vmd.sock');
  assert.equal(socketPath(INSTALLED, 'rootd'), '/run/banger-root/rootd.sock');
});

test('rootd keeps its log and compiled code where no other service can write', () => {
  const paths = localPaths({}, 0);
  assert.equal(servicePaths(paths, 'vmd'), paths);
  assert.equal(logPath(paths, 'rootd'), '/var/lib/banger-local/rootd/logs/rootd.log');
  assert.equal(servicePaths(paths, 'rootd').cache, '/var/lib/banger-local/rootd/cache');
  assert.equal(servicePaths(paths, 'rootd').state, paths.state);
});
