import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Metadata, ServerError } from 'nice-grpc-common';
import { isAbort } from './abort.ts';
import type { Call } from './call.ts';
import { callMiddleware, type WithCall } from './call-middleware.ts';
import { BangerError } from './errors.ts';
import { createMetrics } from './metrics.ts';
import { recordedLog } from './testing/recorded-log.ts';

type Work = (call: Call) => Promise<string>;

/** One unary call through the middleware alone. */
function createCaller({ unaryTimeoutMs = 60_000, allowed = true } = {}) {
  const { log, lines } = recordedLog();
  const metrics = createMetrics('vmd');
  const stopping = new AbortController();
  const rules = { log, metrics, stopping: stopping.signal, allows: () => allowed, unaryTimeoutMs };
  const middleware = callMiddleware(rules);
  const header = Metadata();
  const trailer = Metadata();
  const caller = new AbortController();
  const context = (opId: string) => ({
    metadata: Metadata({ 'x-op-id': opId }),
    peer: 'uid=1000,gid=1001,pid=7',
    header,
    trailer,
    signal: caller.signal,
    sendHeader: () => undefined,
  });
  async function call(work: Work, opId = 'op-1'): Promise<string | undefined> {
    const rpc = {
      method: {
        path: '/banger.v1.VmService/ListVms',
        requestStream: false,
        responseStream: false,
        options: {},
      },
      requestStream: false as const,
      responseStream: false as const,
      request: 'request',
      async *next(_request: string, { call: made }: WithCall) {
        yield* [];
        return work(made);
      },
    };
    const answer = await middleware(rpc, context(opId)).next();
    return answer.value;
  }
  return { call, lines, metrics, header, trailer, caller, stopping };
}

function untilGone({ signal }: Call): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason));
  return promise;
}

const codeOf = (code: number) => (error: unknown) =>
  error instanceof ServerError && error.code === code;

test('a call counts as running until it has ended, however it ends', async () => {
  const { call, metrics } = createCaller();
  const during = async () => String(metrics.running());
  assert.equal(await call(during), '1');
  assert.equal(metrics.running(), 0);
  await assert.rejects(call(() => Promise.reject(new Error('defect'))));
  assert.equal(metrics.running(), 0);
});

test('a call gets its id and its peer, and one log line with its outcome', async () => {
  const { call, lines, header, metrics } = createCaller();
  const answer = await call(
    async ({ opId, peer }) => `${opId} ${peer.uid} ${peer.gid} ${peer.pid}`,
  );
  assert.equal(answer, 'op-1 1000 1001 7');
  assert.equal(header.get('x-op-id'), 'op-1');
  assert.equal(lines.length, 1);
  assert.equal(typeof lines[0]?.durationMs, 'number');
  assert.deepEqual(lines[0], {
    ...lines[0],
    level: 'info',
    message: 'call ended',
    opId: 'op-1',
    method: '/banger.v1.VmService/ListVms',
    uid: 1000,
    pid: 7,
    status: 'OK',
  });
  assert.match(metrics.format(), /banger_calls_total\{.*ListVms",status="OK"\} 1\n/);
});

test('an id that is long or strange is replaced, because it goes into logs', async () => {
  for (const strange of ['', 'a b', 'a'.repeat(65), '<script>']) {
    const { call, header } = createCaller();
    await call(async () => 'done', strange);
    assert.match(header.get('x-op-id') ?? '', /^[0-9a-f-]{36}$/);
  }
});

test('a peer that may not call the method never reaches it, and the log says so', async () => {
  const { call, lines } = createCaller({ allowed: false });
  await assert.rejects(
    call(async () => assert.fail('must not run')),
    codeOf(7),
  );
  const refused = lines.find(({ message }) => message === 'call failed');
  assert.equal(refused?.reason, 'PEER_REFUSED');
  assert.equal(refused?.uid, 1000);
});

test('a call that takes too long is told to stop, and its caller why', async () => {
  const { call } = createCaller({ unaryTimeoutMs: 20 });
  await assert.rejects(call(untilGone), (error) => {
    assert.ok(error instanceof ServerError);
    return error.code === 4 && /took longer than 0.02 s/.test(error.message);
  });
});

test('a call is told to stop when its caller leaves and when the service must stop', async () => {
  for (const who of ['caller', 'stopping'] as const) {
    const calls = createCaller();
    const made = calls.call((call) => {
      setImmediate(() => calls[who].abort());
      return untilGone(call).catch((error: unknown) => {
        assert.ok(isAbort(error));
        throw error;
      });
    });
    await assert.rejects(made, codeOf(1));
    assert.equal(calls.lines.at(-1)?.status, 'CANCELLED');
  }
});

test('an error of ours is told as an answer and a foreign one as a defect', async () => {
  const { call, lines } = createCaller();
  await assert.rejects(
    call(() => Promise.reject(new BangerError('VM_NOT_FOUND', 'no vm "web"'))),
    codeOf(5),
  );
  await assert.rejects(
    call(() => Promise.reject(new RangeError('secret'))),
    codeOf(13),
  );
  const failed = lines.filter(({ message }) => message === 'call failed');
  assert.deepEqual(
    failed.map(({ level }) => level),
    ['info', 'error'],
  );
});

test('a call leaves nothing behind', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { call, lines } = createCaller();
  const used = async (calls: number) => {
    for (let count = 0; count < calls; count++) await call(async () => 'done');
    lines.length = 0;
    await new Promise(setImmediate);
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await used(2000);
  const after = await used(10_000);
  assert.ok(after - before < 1e6, `${after - before} bytes stayed`);
});
