import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { type Paths, socketPath } from '#kit/paths.ts';
import { formatServiceArguments } from '#kit/service-arguments.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { until } from '#kit/testing/until.ts';
import { InfoServiceDefinition } from '#proto/banger/v1/info.ts';
import { NetworkServiceDefinition } from '#proto/banger/v1/network.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import { vmId } from './testing/netd-lab.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

function placeFor(t: TestContext): Paths {
  const folder = temporaryFolder(t);
  const below = (name: string) => join(folder, name);
  writeFileSync(below('config.toml'), '[netd]\ndns_port = 0\n');
  return {
    mode: 'local',
    runtime: below('run'),
    state: below('state'),
    cache: below('cache'),
    logs: below('logs'),
    config: below('config.toml'),
  };
}

/** The real program, as local mode starts it. */
async function startProgram(t: TestContext, paths: Paths): Promise<ChildProcess> {
  const args = [MAIN, ...formatServiceArguments(paths, process.getuid?.() ?? 0)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await until(() => existsSync(socketPath(paths, 'netd')) || child.exitCode !== null);
  return child;
}

function connect(t: TestContext, paths: Paths) {
  const socket = socketPath(paths, 'netd');
  const connection = openConnection({ socket, service: 'netd', patienceMs: 10_000 });
  t.after(() => connection.close());
  return {
    network: createClient(NetworkServiceDefinition, connection),
    info: createClient(InfoServiceDefinition, connection),
  };
}

test('netd without rootd serves user mode, says why there is no bridge, and forgets nothing when killed', async (t) => {
  const paths = placeFor(t);
  const first = await startProgram(t, paths);
  const { network, info } = connect(t, paths);
  const request = { vmId: vmId(1), vmName: 'web', mode: NetworkMode.USER, nat: true };
  const { lease } = await network.acquireLease(request);
  assert.equal(lease?.address, '10.0.2.15');
  await assert.rejects(
    () => network.acquireLease({ ...request, vmId: vmId(2), mode: NetworkMode.BRIDGE }),
    failsWith(
      'FEATURE_UNSUPPORTED',
      /rootd does not run; start it with: banger daemon start --bridge$/,
    ),
  );
  const { checks } = await info.checkHost({});
  assert.ok(
    checks.some(({ name, detail }) => name === 'network-bridge' && /user-mode/.test(detail)),
  );
  assert.match((await info.getMetrics({})).text, /banger_bridge_open\{service="netd"\} 0/);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const second = await startProgram(t, paths);
  const { network: again } = connect(t, paths);
  assert.deepEqual((await again.listLeases({})).leases, [lease]);
  const ended = once(second, 'exit');
  second.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});
