import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAbort } from './abort.ts';
import { createClient } from './client.ts';
import { BangerError } from './errors.ts';
import { echo, message, textOf } from './testing/echo-contract.ts';
import { startEcho } from './testing/echo-server.ts';
import { failsWith } from './testing/fails-with.ts';
import { until } from './testing/until.ts';

async function* messages(...texts: string[]) {
  for (const text of texts) yield message(text);
}

async function texts(answers: AsyncIterable<{ typeUrl: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const answer of answers) found.push(textOf(answer));
  return found;
}

/** Waits until the signal aborts, as a verb with nothing else to do. */
function untilGone(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener('abort', () => reject(signal.reason));
  return promise;
}

test('one request gets one answer', async (t) => {
  const { client } = await startEcho(t);
  assert.equal(textOf(await client.say(message('hello'))), 'hello');
});

test('a message without content is a message', async (t) => {
  const { client } = await startEcho(t);
  assert.equal(textOf(await client.say(message(''))), '');
});

test('a stream of requests gets one answer', async (t) => {
  const { client } = await startEcho(t);
  assert.equal(textOf(await client.collect(messages('a', 'b', 'c'))), 'a b c');
});

test('a stream of no requests is answered too', async (t) => {
  const { client } = await startEcho(t);
  assert.equal(textOf(await client.collect(messages())), '');
});

test('one request gets a stream of answers', async (t) => {
  const { client } = await startEcho(t);
  assert.deepEqual(await texts(client.repeat(message('a b c'))), ['a', 'b', 'c']);
});

test('both sides stream at once: each answer comes before the next request is made', async (t) => {
  const { client } = await startEcho(t);
  const heard: string[] = [];
  const requests = (async function* () {
    for (const text of ['a', 'b', 'c']) {
      yield message(text);
      await until(() => heard.includes(text));
    }
  })();
  for await (const answer of client.converse(requests)) heard.push(textOf(answer));
  assert.deepEqual(heard, ['a', 'b', 'c']);
});

test('the answers go on after the last request', async (t) => {
  const { client } = await startEcho(t, {
    implementation: {
      async *converse(requests) {
        const heard = await Array.fromAsync(requests);
        for (const request of heard.reverse()) yield request;
      },
    },
  });
  assert.deepEqual(await texts(client.converse(messages('a', 'b'))), ['b', 'a']);
});

test('a service may answer before it has heard everything', async (t) => {
  const { client } = await startEcho(t, {
    implementation: { collect: async () => message('enough') },
  });
  const endless = (async function* () {
    for (;;) {
      yield message('x'.repeat(1000));
      await new Promise(setImmediate);
    }
  })();
  assert.equal(textOf(await client.collect(endless)), 'enough');
});

test('an error of a service arrives as the error it threw', async (t) => {
  const { client, lines } = await startEcho(t, {
    implementation: {
      say: async () => {
        throw new BangerError('VM_NOT_RUNNING', 'vm "wöb" is not running; start it', {
          metadata: { vm: 'wöb' },
        });
      },
    },
  });
  await assert.rejects(client.say(message('')), (error) => {
    assert.ok(failsWith('VM_NOT_RUNNING', /^vm "wöb" is not running; start it$/)(error));
    return error instanceof BangerError && error.metadata.vm === 'wöb';
  });
  assert.equal(lines.find(({ message }) => message === 'call failed')?.level, 'info');
});

test('a defect of a service shows its operation and nothing else; the log has the rest', async (t) => {
  const { client, lines } = await startEcho(t, {
    implementation: { say: () => Promise.reject(new TypeError('secret')) },
  });
  await assert.rejects(
    client.say(message(''), { opId: 'op-7' }),
    failsWith('INTERNAL', /^internal error; the service's log has it under op-7$/),
  );
  const failed = lines.find(({ message }) => message === 'call failed');
  assert.equal(failed?.level, 'error');
  assert.match(JSON.stringify(failed?.error), /TypeError: secret/);
});

test('a message that no encoding holds does not break the answer', async (t) => {
  const { client } = await startEcho(t, {
    implementation: {
      say: async () => {
        throw new BangerError('INVALID_NAME', 'bad \ud83d name');
      },
    },
  });
  await assert.rejects(client.say(message('')), failsWith('INVALID_NAME', /^bad . name$/u));
});

test('an error in the middle of a stream comes after the answers before it', async (t) => {
  const { client } = await startEcho(t, {
    implementation: {
      async *repeat() {
        yield message('first');
        throw new BangerError('DISK_FULL', 'full');
      },
    },
  });
  const heard: string[] = [];
  await assert.rejects(
    async () => {
      for await (const answer of client.repeat(message(''))) heard.push(textOf(answer));
    },
    failsWith('DISK_FULL', /full/),
  );
  assert.deepEqual(heard, ['first']);
});

test('requests that fail to be made end the call with their own error', async (t) => {
  const failure = new Error('cannot read the repository');
  const { client, lines } = await startEcho(t);
  const requests = (async function* () {
    yield message('a');
    throw failure;
  })();
  await assert.rejects(client.collect(requests), failure);
  await until(() => lines.some(({ status }) => status === 'CANCELLED'));
});

test('a time limit ends the call on both sides', async (t) => {
  let left = false;
  const { client } = await startEcho(t, {
    implementation: {
      say: (_request, { call }) =>
        untilGone(call.signal).finally(() => {
          left = true;
        }),
    },
  });
  await assert.rejects(
    client.say(message(''), { timeoutMs: 50 }),
    failsWith('DEADLINE_EXCEEDED', /no answer within 50 ms/),
  );
  await until(() => left);
});

test('a time limit of many days is one, and not none', async (t) => {
  const { client } = await startEcho(t);
  const timeoutMs = 40 * 24 * 3600 * 1000;
  assert.equal(textOf(await client.say(message('hello'), { timeoutMs })), 'hello');
});

test('an abort ends the call on both sides, with its own reason on ours', async (t) => {
  let left = false;
  const { client } = await startEcho(t, {
    implementation: {
      async *repeat(_request, { call }) {
        try {
          yield message('first');
          await untilGone(call.signal);
        } finally {
          left = true;
        }
      },
    },
  });
  const controller = new AbortController();
  await assert.rejects(async () => {
    for await (const _ of client.repeat(message(''), { signal: controller.signal })) {
      controller.abort();
    }
  }, isAbort);
  await until(() => left);
});

test('a call with an aborted signal is not made', async (t) => {
  const { client, lines } = await startEcho(t);
  await assert.rejects(client.say(message(''), { signal: AbortSignal.abort() }), isAbort);
  assert.deepEqual(lines, []);
});

test('who leaves a stream early is missed by the service, and the next call works', async (t) => {
  let left = false;
  const { client } = await startEcho(t, {
    implementation: {
      async *repeat() {
        try {
          for (;;) yield message('again');
        } finally {
          left = true;
        }
      },
    },
  });
  for await (const _ of client.repeat(message(''))) break;
  await until(() => left);
  assert.equal(textOf(await client.say(message('hello'))), 'hello');
});

test('a method that the service does not have says so', async (t) => {
  const { connection } = await startEcho(t);
  const { say } = createClient(
    {
      ...(await import('./testing/echo-contract.ts')).EchoDefinition,
      fullName: 'banger.testing.OtherService',
    },
    connection,
  );
  await assert.rejects(say(message('')), failsWith('NOT_IMPLEMENTED', /./));
});

test('a method of the contract that this build lacks says so, stream or not', async (t) => {
  const { client } = await startEcho(t, {
    rpcs: [
      {
        definition: (await import('./testing/echo-contract.ts')).EchoDefinition,
        implementation: { collect: echo.collect },
      },
    ],
  });
  const lacking = /part of the contract but not of this build/;
  await assert.rejects(client.say(message('')), failsWith('NOT_IMPLEMENTED', lacking));
  await assert.rejects(texts(client.repeat(message(''))), failsWith('NOT_IMPLEMENTED', lacking));
});

test('a thousand quick calls at once are all answered', async (t) => {
  const { client } = await startEcho(t);
  const calls = Array.from({ length: 1000 }, (_, index) => client.say(message(`${index}`)));
  const answers = await Promise.all(calls);
  assert.deepEqual(
    answers.map(textOf),
    answers.map((_, index) => `${index}`),
  );
});
