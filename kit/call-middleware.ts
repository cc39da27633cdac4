import { randomUUID } from 'node:crypto';
import { type CallContext, ServerError, type ServerMiddlewareCall } from 'nice-grpc-common';
import type { Call } from './call.ts';
import { BangerError } from './errors.ts';
import { statusName } from './grpc-status.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { type Peer, parsePeer } from './peer.ts';
import { DETAILS_TRAILER, type RpcError, toRpcError } from './rpc-errors.ts';

export const OP_ID_HEADER = 'x-op-id';

/** What the middleware adds to a handler's context. */
export type WithCall = { call: Call };

export type CallRules = {
  log: Log;
  metrics: Metrics;
  /** Aborts when the service's grace time for running calls is over. */
  stopping: AbortSignal;
  /** May this peer call this method ("/banger.v1.RootService/CreateTaps")? */
  allows(method: string, peer: Peer): boolean;
  /** Wall-clock limit for a call that streams nothing either way. */
  unaryTimeoutMs: number;
};

/** The server edge: gives every call its id, its peer and its limits, and turns every error into a status. */
export function callMiddleware(rules: CallRules) {
  return async function* <Request, Response>(
    rpc: ServerMiddlewareCall<Request, Response, WithCall>,
    context: CallContext,
  ): AsyncGenerator<Response, Response | undefined, undefined> {
    using limit = startLimit(rpc, rules.unaryTimeoutMs);
    using _running = rules.metrics.enter();
    const signal = AbortSignal.any([context.signal, rules.stopping, limit.signal]);
    const call = beginCall(rules, rpc.method.path, context, signal);
    const startedAt = performance.now();
    let status = 'OK';
    try {
      if (!rules.allows(rpc.method.path, call.peer)) throw refusal(rpc.method.path, call.peer);
      const answer = yield* rpc.next(rpc.request, { ...context, call });
      return answer === undefined ? undefined : answer;
    } catch (error) {
      const sent = toRpcError(error, call.opId);
      status = statusName(sent.code);
      logFailure(call.log, sent, error);
      context.trailer.set(DETAILS_TRAILER, sent.details);
      throw new ServerError(sent.code, sent.message);
    } finally {
      const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
      if (status === 'OK' && call.signal.aborted) status = 'CANCELLED';
      call.log.info('call ended', { status, durationMs });
      rules.metrics.countCall(rpc.method.path, status, durationMs);
    }
  };
}

function beginCall(
  rules: CallRules,
  method: string,
  context: CallContext,
  signal: AbortSignal,
): Call {
  const opId = acceptedOpId(context.metadata.get(OP_ID_HEADER)) ?? randomUUID();
  const peer = parsePeer(context.peer);
  const log = rules.log.with({ opId, method, uid: peer.uid, pid: peer.pid });
  context.header.set(OP_ID_HEADER, opId);
  return { opId, peer, log, signal };
}

/** The timer goes with the call; AbortSignal.timeout would keep one of every call until its time is over. */
function startLimit(
  rpc: { requestStream: boolean; responseStream: boolean },
  timeoutMs: number,
): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const late = () =>
    controller.abort(
      new BangerError('DEADLINE_EXCEEDED', `the call took longer than ${timeoutMs / 1000} s`),
    );
  const streams = rpc.requestStream || rpc.responseStream;
  const timer = streams ? undefined : setTimeout(late, timeoutMs).unref();
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** An id from outside goes into logs, so only a short plain one is taken over. */
function acceptedOpId(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(text) ? text : undefined;
}

function refusal(method: string, peer: Peer): BangerError {
  return new BangerError('PEER_REFUSED', `uid ${peer.uid} may not call ${method}`, {
    metadata: { uid: String(peer.uid), method },
  });
}

/** An error of ours is an answer; anything else is a defect, and its stack is wanted. */
function logFailure(log: Log, sent: RpcError, error: unknown): void {
  if (error instanceof BangerError && error.reason !== 'INTERNAL') {
    log.info('call failed', { reason: error.reason, error: sent.message, cause: error.cause });
  } else {
    log.error('call failed', { error });
  }
}
