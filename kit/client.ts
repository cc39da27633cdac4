import type { TsProtoServiceDefinition } from 'nice-grpc';
import { callMethod } from './call-method.ts';
import type { Connection } from './connection.ts';

export type CallOptions = {
  signal?: AbortSignal;
  /** The call fails with DEADLINE_EXCEEDED after this long. */
  timeoutMs?: number;
  /** Id under which every service logs what belongs to this call. */
  opId?: string;
};

type Message<Type> = Type extends { decode(...args: never[]): infer Value } ? Value : never;
type Partial_<Type> = Type extends { fromPartial(value: infer Value): unknown } ? Value : never;
type Definitions = TsProtoServiceDefinition['methods'];

type Request<Method extends Definitions[string]> = Method['requestStream'] extends true
  ? AsyncIterable<Partial_<Method['requestType']>>
  : Partial_<Method['requestType']>;

type Response<Method extends Definitions[string]> = Method['responseStream'] extends true
  ? AsyncIterable<Message<Method['responseType']>>
  : Promise<Message<Method['responseType']>>;

/** The functions of a contract, as its definition says: a stream is an async iterable, either way. */
export type Client<Definition extends TsProtoServiceDefinition> = {
  readonly [Name in keyof Definition['methods']]: (
    request: Request<Definition['methods'][Name]>,
    options?: CallOptions,
  ) => Response<Definition['methods'][Name]>;
};

/**
 * A client for one contract over one connection, on node:http2 alone: grpc-js would add 18 ms and 15 MiB to
 * every command, and what it has beyond this (name resolution, balancing, TLS) a Unix socket has no use for.
 */
export function createClient<const Definition extends TsProtoServiceDefinition>(
  definition: Definition,
  connection: Connection,
): Client<Definition> {
  const methods = Object.entries(definition.methods).map(([key, method]) => {
    const path = `/${definition.fullName}/${method.name}`;
    return [
      key,
      (request: unknown, options: CallOptions = {}) =>
        callMethod({ connection, path, method }, request, options),
    ];
  });
  return Object.fromEntries(methods);
}
