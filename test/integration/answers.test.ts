import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { ServiceName } from '#kit/paths.ts';
import { programRoot, VERSION } from '#kit/program.ts';
import { openHouse } from './harness.ts';
import { STARTABLE } from './needs.ts';

const execute = promisify(execFile);
const BUF = join(programRoot(), 'node_modules/.bin/buf');

/** What each service serves beside what all of them do. */
const CONTRACTS: Readonly<Record<ServiceName, readonly string[]>> = {
  vmd: ['banger.v1.OperationService', 'banger.v1.VmService'],
  imaged: ['banger.v1.ImageService', 'banger.v1.KernelService', 'banger.v1.OperationService'],
  netd: ['banger.v1.NetworkService'],
  rootd: ['banger.v1.RootService'],
};

const ALL_SERVE = [
  'banger.v1.InfoService',
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
];

/** `buf curl` knows nothing of our contracts but what reflection tells it, in either version of that protocol. */
async function curl(socket: string, path: string, ...options: readonly string[]): Promise<string> {
  const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--unix-socket', socket];
  const { stdout } = await execute(BUF, [...args, ...options, `http://localhost${path}`]);
  return stdout;
}

async function ask(socket: string, method: string, version: string): Promise<unknown> {
  const options = ['--reflect-protocol', version, '-d', '{}'];
  return JSON.parse(await curl(socket, `/${method}`, ...options));
}

for (const name of STARTABLE) {
  test(`${name} lists its contracts and answers for itself to buf curl`, async (t) => {
    const house = openHouse(t);
    const { socket, pid } = await house.start(name);

    const listed = await curl(socket, '', '--list-services');
    const expected = [...CONTRACTS[name], ...ALL_SERVE].sort();
    assert.deepEqual(listed.trim().split('\n').sort(), expected);

    for (const version of ['grpc-v1', 'grpc-v1alpha']) {
      assert.deepEqual(await ask(socket, 'grpc.health.v1.Health/Check', version), {
        status: 'SERVING',
      });
    }
    const info = (await ask(socket, 'banger.v1.InfoService/GetInfo', 'grpc-v1')) as object;
    assert.deepEqual(info, {
      ...info,
      service: name,
      version: VERSION,
      build: 'source',
      mode: 'SERVICE_MODE_LOCAL',
      pid,
      socket,
      stateDir: house.paths.state,
      configFile: house.paths.config,
      runtime: process.version,
    });
    const metrics = await ask(socket, 'banger.v1.InfoService/GetMetrics', 'grpc-v1');
    assert.match(
      (metrics as { text: string }).text,
      new RegExp(`^banger_calls_total\\{service="${name}",.*GetInfo",status="OK"\\} 1$`, 'm'),
    );
    const checks = await ask(socket, 'banger.v1.InfoService/CheckHost', 'grpc-v1');
    assert.equal(typeof checks, 'object');
  });
}

test('vmd lists its machines, of which there are none yet', async (t) => {
  const { socket } = await openHouse(t).start('vmd');
  assert.deepEqual(await ask(socket, 'banger.v1.VmService/ListVms', 'grpc-v1'), {});
});

test('an error brings its reason to any client', async (t) => {
  const { socket } = await openHouse(t).start('vmd');
  const cancel = ask(socket, 'banger.v1.OperationService/CancelOperation', 'grpc-v1');
  await assert.rejects(cancel, (error) => {
    const said = String(error);
    const [, details = ''] = /"google\.rpc\.ErrorInfo",\s+"value": "(.+)"/.exec(said) ?? [];
    assert.match(Buffer.from(details, 'base64').toString(), /OPERATION_NOT_FOUND/);
    return said.includes('"code": "not_found"');
  });
});
