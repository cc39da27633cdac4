import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { TsProtoServiceDefinition } from 'nice-grpc';
import type { CallOptions } from './client.ts';
import type { Connection } from './connection.ts';
import { BangerError } from './errors.ts';
import { frameMessage, readMessages } from './http2-frames.ts';
import { DETAILS_TRAILER, fromRpcError } from './rpc-errors.ts';

type Method = TsProtoServiceDefinition['methods'][string];
export type Target = { connection: Connection; path: string; method: Method };

/** RFC 9113: the caller no longer wants the answer. */
const HTTP2_CANCEL = 8;

/** 24 days: a timer of Node that is longer fires at once, here and in the service. */
const LONGEST_TIMEOUT_MS = 24 * 86_400_000;

const MESSAGE_LIMIT_BYTES = 4 * 2 ** 20;

/** One call of any of the four kinds: a promise of the only answer, or the stream of answers. */
export function callMethod(target: Target, request: unknown, options: CallOptions): unknown {
  const answers = exchange(target, request, options);
  return target.method.responseStream ? answers : only(answers, target.path);
}

async function only(answers: AsyncIterable<unknown>, path: string): Promise<unknown> {
  let answer: { value: unknown } | undefined;
  // Read to the end: leaving early would reset the stream, and Node ends a session after many resets.
  for await (const value of answers) answer ??= { value };
  if (answer === undefined) throw new BangerError('INTERNAL', `${path} ended without an answer`);
  return answer.value;
}

async function* exchange(target: Target, request: unknown, options: CallOptions) {
  const { path, method, connection } = target;
  using limit = startLimit(options);
  using held = await connection.hold(limit.signal);
  const { session } = held;
  const stream = session.request(headersFor(path, options));
  const ending = watchEnding(stream, limit.signal);
  send(stream, method, request).catch((error: unknown) => {
    ending.fail(error);
    stream.close(HTTP2_CANCEL);
  });
  let finished = false;
  try {
    for await (const message of readMessages(stream, MESSAGE_LIMIT_BYTES)) {
      yield method.responseType.decode(message);
    }
    finished = true;
  } catch (error) {
    throw ending.reason() ?? asLost(error);
  } finally {
    // The last answer ends the call, also for requests that were still to come (the input of a command, say).
    if (!finished || !stream.writableEnded) stream.close(HTTP2_CANCEL);
    limit.signal.removeEventListener('abort', ending.abort);
  }
  ending.throwUnlessOk();
}

function headersFor(path: string, { timeoutMs, opId }: CallOptions): IncomingHttpHeaders {
  return {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(timeoutMs === undefined ? {} : { 'grpc-timeout': formatTimeout(timeoutMs) }),
    ...(opId === undefined ? {} : { 'x-op-id': opId }),
  };
}

/** gRPC allows eight digits, which in milliseconds is little more than a day. */
function formatTimeout(timeoutMs: number): string {
  const limitMs = Math.min(timeoutMs, LONGEST_TIMEOUT_MS);
  return limitMs < 1e8 ? `${Math.ceil(limitMs)}m` : `${Math.ceil(limitMs / 1000)}S`;
}

async function send(stream: ClientHttp2Stream, method: Method, request: unknown): Promise<void> {
  const encode = (message: unknown) =>
    frameMessage(
      method.requestType.encode(method.requestType.fromPartial?.(message) ?? message).finish(),
    );
  if (!method.requestStream) {
    stream.end(encode(request));
    return;
  }
  for await (const message of request as AsyncIterable<unknown>) {
    if (stream.destroyed || stream.writableEnded) return;
    if (!stream.write(encode(message))) await drained(stream);
  }
  stream.end();
}

async function drained(stream: ClientHttp2Stream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('drain', resolve);
  stream.once('close', resolve);
  await promise;
  stream.off('drain', resolve);
  stream.off('close', resolve);
}

/** The caller's signal and its time limit as one signal. */
function startLimit({ signal, timeoutMs }: CallOptions): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const follow = () => controller.abort(signal?.reason);
  if (signal?.aborted) follow();
  signal?.addEventListener('abort', follow, { once: true });
  const late = () =>
    controller.abort(new BangerError('DEADLINE_EXCEEDED', `no answer within ${timeoutMs} ms`));
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(late, Math.min(timeoutMs, LONGEST_TIMEOUT_MS));
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', follow);
    },
  };
}

/** Keeps what a stream's end is judged by: its status, our own abort, or the connection's loss. */
function watchEnding(stream: ClientHttp2Stream, signal: AbortSignal) {
  let status: IncomingHttpHeaders | undefined;
  let failure: unknown;
  const take = (headers: IncomingHttpHeaders) => {
    if (headers['grpc-status'] !== undefined) status = headers;
  };
  stream.on('response', take);
  stream.on('trailers', take);
  // Errors reach whoever reads the answers; one that comes after the last answer must not end the process.
  stream.on('error', () => stream.destroy());
  const abort = () => {
    failure ??= signal.reason;
    stream.close(HTTP2_CANCEL);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  const reason = () => failure ?? errorOf(status);
  return {
    abort,
    reason,
    fail: (error: unknown) => {
      failure ??= error;
    },
    throwUnlessOk() {
      const error = reason();
      if (error !== undefined) throw error;
      if (status !== undefined) return;
      throw asLost(new Error(`stream closed with code ${stream.rstCode} and no status`));
    },
  };
}

function asLost(cause: unknown): unknown {
  if (cause instanceof BangerError) return cause;
  return new BangerError(
    'SERVICE_UNAVAILABLE',
    'the service went away during the call; try again',
    {
      cause,
    },
  );
}

function errorOf(status: IncomingHttpHeaders | undefined): BangerError | undefined {
  const code = Number(status?.['grpc-status'] ?? 0);
  if (code === 0) return undefined;
  const message = decodePercents(String(status?.['grpc-message'] ?? ''));
  const details = status?.[DETAILS_TRAILER];
  return fromRpcError(code, message, typeof details === 'string' ? details : undefined);
}

/** gRPC asks a client to show a message that is not well encoded as it is. */
function decodePercents(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
