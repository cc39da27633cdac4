import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  ServerReflectionDefinition as ReflectionV1,
  type ServerReflectionRequest,
} from '#proto/grpc/reflection/v1/reflection.ts';
import { ServerReflectionDefinition as ReflectionV1Alpha } from '#proto/grpc/reflection/v1alpha/reflection.ts';
import { createClient } from './client.ts';
import { readDescriptorSet } from './descriptor-set.ts';
import { programRoot } from './program.ts';
import { startEcho } from './testing/echo-server.ts';

type Question = NonNullable<ServerReflectionRequest['messageRequest']>;

/** Asks over one stream, as grpcurl does, and answers in the words of the protocol. */
async function ask(
  t: TestContext,
  questions: readonly Question[],
  definition: typeof ReflectionV1 | typeof ReflectionV1Alpha = ReflectionV1,
) {
  const { connection } = await startEcho(t);
  const { serverReflectionInfo } = createClient(definition, connection);
  const requests = (async function* () {
    for (const messageRequest of questions) yield { host: '', messageRequest };
  })();
  const responses = await Array.fromAsync(serverReflectionInfo(requests));
  return responses.map(({ messageResponse }) => messageResponse);
}

function namesIn(response: Awaited<ReturnType<typeof ask>>[number]): string[] {
  assert.equal(response?.$case, 'fileDescriptorResponse');
  return response.value.fileDescriptorProto.map((bytes) => {
    const set = Buffer.concat([Buffer.of(0x0a), varint(bytes.length), bytes]);
    return readDescriptorSet(set)[0]?.name ?? '';
  });
}

function varint(value: number): Buffer {
  return value < 128
    ? Buffer.of(value)
    : Buffer.concat([Buffer.of((value & 127) | 128), varint(value >> 7)]);
}

for (const definition of [ReflectionV1, ReflectionV1Alpha]) {
  test(`${definition.fullName} lists what is served`, async (t) => {
    const [response] = await ask(t, [{ $case: 'listServices', value: '' }], definition);
    assert.equal(response?.$case, 'listServicesResponse');
    assert.deepEqual(
      response.value.service.map(({ name }) => name),
      [
        'banger.testing.EchoService',
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
      ],
    );
  });
}

test('a symbol of any kind is found in its file, with all that the file imports', async (t) => {
  const symbols = [
    'banger.v1.InfoService',
    'banger.v1.InfoService.GetInfo',
    'banger.v1.HostCheck',
    'banger.v1.HostCheck.remedy',
    'banger.v1.ServiceMode',
  ];
  const questions = symbols.map((value) => ({ $case: 'fileContainingSymbol', value }) as const);
  for (const response of await ask(t, questions)) {
    assert.deepEqual(namesIn(response), [
      'banger/v1/info.proto',
      'google/protobuf/timestamp.proto',
    ]);
  }
});

test('a file is found by its name', async (t) => {
  const value = 'google/rpc/status.proto';
  const [response] = await ask(t, [{ $case: 'fileByFilename', value }]);
  assert.deepEqual(namesIn(response), [value, 'google/protobuf/any.proto']);
});

test('what is not in the contract is an answer, and the stream goes on', async (t) => {
  const responses = await ask(t, [
    { $case: 'fileContainingSymbol', value: 'banger.v1.InfoServic' },
    { $case: 'fileByFilename', value: '../../etc/passwd' },
    { $case: 'allExtensionNumbersOfType', value: 'banger.v1.HostCheck' },
    { $case: 'fileByFilename', value: 'banger/v1/info.proto' },
  ]);
  const cases = responses.map((response) => response?.$case);
  const missing = ['errorResponse', 'errorResponse', 'errorResponse'];
  assert.deepEqual(cases, [...missing, 'fileDescriptorResponse']);
  const [first] = responses;
  assert.ok(first?.$case === 'errorResponse' && first.value.errorCode === 5);
});

test('the descriptors of the house hold every contract with its imports', () => {
  const files = readDescriptorSet(readFileSync(join(programRoot(), 'proto/gen/api.binpb')));
  const names = files.map(({ name }) => name);
  for (const file of files) for (const name of file.imports) assert.ok(names.includes(name), name);
  const symbols = files.flatMap((file) => file.symbols);
  assert.ok(symbols.includes('banger.v1.VmService'));
  assert.ok(symbols.includes('grpc.health.v1.Health'));
  assert.ok(symbols.includes('google.rpc.ErrorInfo'));
});
