import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { programRoot } from '#kit/program.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { openHouse } from './harness.ts';
import { GRPC_PYTHON_PLUGIN, needsPython, PYTHON, STARTABLE } from './needs.ts';

const execute = promisify(execFile);
const root = programRoot();

const CONTRACTS = [
  ...['info', 'operation', 'types'].map((name) => `banger/v1/${name}.proto`),
  ...['status', 'error_details'].map((name) => `google/rpc/${name}.proto`),
  'grpc/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
];

/** A stranger needs the descriptors that are shipped and the tools of the distribution, nothing of ours. */
async function generatePython(folder: string): Promise<void> {
  await execute('/usr/bin/protoc', [
    `--descriptor_set_in=${join(root, 'proto/gen/api.binpb')}`,
    `--plugin=protoc-gen-grpc=${GRPC_PYTHON_PLUGIN}`,
    `--python_out=${folder}`,
    `--grpc_out=${folder}`,
    ...CONTRACTS,
  ]);
}

async function askService(generated: string, socket: string): Promise<Record<string, unknown>> {
  const script = join(root, 'test/integration/fixtures/ask-service.py');
  // -B: nothing is written beside the sources.
  const { stdout } = await execute(PYTHON, ['-B', script, generated, socket]);
  return JSON.parse(stdout);
}

test('a Python client with generated code talks to every service', {
  skip: needsPython,
}, async (t) => {
  const generated = temporaryFolder(t);
  await generatePython(generated);
  const house = openHouse(t);
  for (const name of STARTABLE) {
    const { socket, pid } = await house.start(name);
    const answers = await askService(generated, socket);
    assert.deepEqual(answers.health, { status: 'SERVING' });
    assert.deepEqual(answers.watched, { status: 'SERVING' });
    assert.deepEqual(answers.v1, answers.v1alpha);
    assert.ok((answers.v1 as string[]).includes('banger.v1.InfoService'));
    const info = answers.info as Record<string, unknown>;
    assert.deepEqual([info.service, info.pid, info.socket], [name, pid, socket]);
    assert.match(String(answers.metrics), new RegExp(`service="${name}"`));
    assert.equal(typeof answers.checks, 'object');
    assert.deepEqual(answers.failure, FAILURES[name]);
  }
});

const NO_SUCH_METHOD = {
  code: 'UNIMPLEMENTED',
  message: 'The server does not implement the method /banger.v1.OperationService/CancelOperation',
};
const NO_SUCH_OPERATION = {
  code: 'NOT_FOUND',
  message: 'no operation "gone"; see: banger operations list',
  domain: 'banger',
  reason: 'OPERATION_NOT_FOUND',
  metadata: { operation: 'gone' },
};
const FAILURES = {
  vmd: NO_SUCH_OPERATION,
  imaged: NO_SUCH_OPERATION,
  netd: NO_SUCH_METHOD,
  rootd: NO_SUCH_METHOD,
};
