import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ServerReflectionDefinition as ReflectionV1,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from '#proto/grpc/reflection/v1/reflection.ts';
import { ServerReflectionDefinition as ReflectionV1Alpha } from '#proto/grpc/reflection/v1alpha/reflection.ts';
import { type DescribedFile, readDescriptorSet } from './descriptor-set.ts';
import { GRPC_STATUS } from './grpc-status.ts';
import { programRoot } from './program.ts';

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

/**
 * The public gRPC reflection protocol, from which grpcurl and `buf curl` learn the contract. Version v1 and
 * v1alpha have the same messages; grpcurl before 1.9 asks for v1alpha only.
 */
export function reflectionServices(others: readonly string[]) {
  const definitions = [ReflectionV1, ReflectionV1Alpha] as const;
  const serviceNames = [...others, ...definitions.map(({ fullName }) => fullName)];
  const implementation = {
    async *serverReflectionInfo(requests: AsyncIterable<ServerReflectionRequest>) {
      const files = readDescriptorSet(readFileSync(join(programRoot(), 'proto/gen/api.binpb')));
      for await (const request of requests) {
        const messageResponse = answer(request, files, serviceNames);
        yield { validHost: request.host, originalRequest: request, messageResponse };
      }
    },
  };
  return definitions.map((definition) => ({ definition, implementation }));
}

function answer(
  { messageRequest }: ServerReflectionRequest,
  files: readonly DescribedFile[],
  serviceNames: readonly string[],
): Answer {
  switch (messageRequest?.$case) {
    case 'listServices': {
      const service = serviceNames.map((name) => ({ name }));
      return { $case: 'listServicesResponse', value: { service } };
    }
    case 'fileByFilename':
      return withImports(files, (file) => file.name === messageRequest.value, messageRequest.value);
    case 'fileContainingSymbol':
      return withImports(
        files,
        (file) => defines(file, messageRequest.value),
        messageRequest.value,
      );
    default:
      return notFound('extensions: the contract has none');
  }
}

/** A symbol may be a method or a field, which its service or message stands for. */
function defines(file: DescribedFile, symbol: string): boolean {
  return file.symbols.some((name) => symbol === name || symbol.startsWith(`${name}.`));
}

function withImports(
  files: readonly DescribedFile[],
  wanted: (file: DescribedFile) => boolean,
  what: string,
): Answer {
  const first = files.find(wanted);
  if (first === undefined) return notFound(what);
  const found = new Set<DescribedFile>([first]);
  for (const file of found) {
    for (const name of file.imports) {
      const imported = files.find((candidate) => candidate.name === name);
      if (imported !== undefined) found.add(imported);
    }
  }
  const fileDescriptorProto = [...found].map((file) => file.bytes);
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function notFound(what: string): Answer {
  const value = { errorCode: GRPC_STATUS.NOT_FOUND, errorMessage: `not in the contract: ${what}` };
  return { $case: 'errorResponse', value };
}
