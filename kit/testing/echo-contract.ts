import type { CallContext } from 'nice-grpc';
import { Any } from '#proto/google/protobuf/any.ts';
import type { WithCall } from '../call-middleware.ts';

/** Text in and text out, in all four kinds of calls; a contract of no service, for tests of the kit. */
export const EchoDefinition = {
  name: 'EchoService',
  fullName: 'banger.testing.EchoService',
  methods: {
    say: method('Say', false, false),
    collect: method('Collect', true, false),
    repeat: method('Repeat', false, true),
    converse: method('Converse', true, true),
  },
} as const;

function method<Name extends string, In extends boolean, Out extends boolean>(
  name: Name,
  requestStream: In,
  responseStream: Out,
) {
  return { name, requestType: Any, requestStream, responseType: Any, responseStream, options: {} };
}

type Context = CallContext & WithCall;

export type EchoImplementation = {
  say(request: Any, context: Context): Promise<Partial<Any>>;
  collect(requests: AsyncIterable<Any>, context: Context): Promise<Partial<Any>>;
  repeat(request: Any, context: Context): AsyncIterable<Partial<Any>>;
  converse(requests: AsyncIterable<Any>, context: Context): AsyncIterable<Partial<Any>>;
};

/** `typeUrl` is the only text that the message has. */
export function textOf({ typeUrl }: { typeUrl: string }): string {
  return typeUrl;
}

export function message(text: string): { typeUrl: string } {
  return { typeUrl: text };
}

/** Answers with what it was asked, in every kind. */
export const echo: EchoImplementation = {
  say: async (request) => request,
  async collect(requests) {
    const texts: string[] = [];
    for await (const request of requests) texts.push(textOf(request));
    return message(texts.join(' '));
  },
  async *repeat(request) {
    for (const text of textOf(request).split(' ')) yield message(text);
  },
  async *converse(requests) {
    for await (const request of requests) yield request;
  },
};
