import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Any } from '#proto/google/protobuf/any.ts';
import { frameMessage } from './http2-frames.ts';
import { message } from './testing/echo-contract.ts';
import { connectTo, startEcho } from './testing/echo-server.ts';
import { failsWith } from './testing/fails-with.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';
import { until } from './testing/until.ts';

const CHUNK = Buffer.alloc(64 * 2 ** 10, 'x');
const chunk = () => ({ typeUrl: '', value: CHUNK });
/** 200 MiB, which no buffer on the way would hold. */
const CHUNKS = 3200;
/** What may be under way between two sides: windows of 1 MiB, stream buffers, and the message in hand. */
const UNDER_WAY = 128;

/** A peer that speaks HTTP/2 and answers in whatever way a test wants. */
async function connectToPeer(t: TestContext, answer: (stream: ServerHttp2Stream) => void) {
  const peer = createServer();
  peer.on('stream', (stream) => {
    stream.on('error', () => stream.destroy());
    answer(stream);
  });
  const socket = join(temporaryFolder(t), 'peer.sock');
  peer.listen(socket);
  await once(peer, 'listening');
  t.after(() => peer.close());
  return connectTo(t, socket).client;
}

const HEADERS = { ':status': 200, 'content-type': 'application/grpc' };

test('a stream to a slow reader waits for it, and memory does not grow', async (t) => {
  let made = 0;
  const { client } = await startEcho(t, {
    implementation: {
      async *repeat() {
        for (; made < CHUNKS; made++) yield chunk();
      },
    },
  });
  let read = 0;
  let furthestAhead = 0;
  for await (const _ of client.repeat(message(''))) {
    read += 1;
    if (read % 16 === 0) await new Promise(setImmediate);
    furthestAhead = Math.max(furthestAhead, made - read);
  }
  assert.equal(read, CHUNKS);
  assert.ok(furthestAhead < UNDER_WAY, `${furthestAhead} chunks ahead`);
});

test('a stream to a reader that stands still stops', async (t) => {
  let made = 0;
  const { client } = await startEcho(t, {
    implementation: {
      async *repeat() {
        for (;;) {
          made += 1;
          yield chunk();
        }
      },
    },
  });
  for await (const _ of client.repeat(message(''))) {
    let before = -1;
    await until(() => {
      const stands = made === before;
      before = made;
      return stands;
    });
    assert.ok(made < UNDER_WAY, `${made} chunks made`);
    break;
  }
});

test('a stream of requests to a slow service waits for it, and memory does not grow', async (t) => {
  let heard = 0;
  const { client } = await startEcho(t, {
    implementation: {
      async collect(requests) {
        for await (const _ of requests) {
          heard += 1;
          if (heard % 16 === 0) await new Promise(setImmediate);
        }
        return message(`${heard}`);
      },
    },
  });
  let furthestAhead = 0;
  const requests = (async function* () {
    for (let made = 1; made <= CHUNKS; made++) {
      furthestAhead = Math.max(furthestAhead, made - heard);
      yield chunk();
    }
  })();
  const warnings = t.mock.method(process, 'emitWarning');
  assert.equal((await client.collect(requests)).typeUrl, `${CHUNKS}`);
  assert.deepEqual(warnings.mock.calls, []);
  assert.ok(furthestAhead < UNDER_WAY, `${furthestAhead} chunks ahead`);
});

test('one stream that stands still does not hold up the other calls of its connection', async (t) => {
  const { client } = await startEcho(t, {
    implementation: {
      async *repeat() {
        for (;;) yield chunk();
      },
    },
  });
  for await (const _ of client.repeat(message(''))) {
    for (let count = 0; count < 100; count++) await client.say(message('still here'));
    break;
  }
});

test('a peer that ends without a status has gone', async (t) => {
  const client = await connectToPeer(t, (stream) => {
    stream.respond(HEADERS);
    stream.end(frameMessage(Any.encode(Any.fromPartial(message('a'))).finish()));
  });
  await assert.rejects(client.say(message('')), failsWith('SERVICE_UNAVAILABLE', /went away/));
});

test('a peer that resets the stream has gone', async (t) => {
  const client = await connectToPeer(t, (stream) => {
    stream.respond(HEADERS);
    stream.close(2);
  });
  await assert.rejects(client.say(message('')), failsWith('SERVICE_UNAVAILABLE', /went away/));
});

test('a peer that is no gRPC service has gone, whatever it says', async (t) => {
  const client = await connectToPeer(t, (stream) => {
    stream.respond({ ':status': 404, 'content-type': 'text/html' });
    stream.end();
  });
  await assert.rejects(client.say(message('')), failsWith('SERVICE_UNAVAILABLE', /./));
});

test('a status without answers, and one in the headers alone, are the error they name', async (t) => {
  const client = await connectToPeer(t, (stream) => {
    stream.respond(
      { ...HEADERS, 'grpc-status': 14, 'grpc-message': 'going%20down' },
      { endStream: true },
    );
  });
  await assert.rejects(client.say(message('')), failsWith('SERVICE_UNAVAILABLE', /^going down$/));
});

test('a message of the status that cannot be decoded is shown as it came', async (t) => {
  const client = await connectToPeer(t, (stream) => {
    stream.respond({ ...HEADERS, 'grpc-status': 5, 'grpc-message': '100%' }, { endStream: true });
  });
  await assert.rejects(client.say(message('')), failsWith('INTERNAL', /^100%$/));
});

test('success without an answer is an error', async (t) => {
  const client = await connectToPeer(t, (stream) => {
    stream.respond({ ...HEADERS, 'grpc-status': 0 }, { endStream: true });
  });
  await assert.rejects(client.say(message('')), failsWith('INTERNAL', /ended without an answer/));
});

test('an answer over the limit is refused by its length', async (t) => {
  const client = await connectToPeer(t, (stream) => {
    stream.respond(HEADERS);
    stream.write(Buffer.of(0, 0x7f, 0xff, 0xff, 0xff));
  });
  await assert.rejects(client.say(message('')), failsWith('INTERNAL', /the limit is 4194304/));
});

test('an answer that is cut off, or is no message, is an error', async (t) => {
  for (const body of [Buffer.of(0, 0, 0, 0, 9, 1, 2), Buffer.of(0, 0, 0, 0, 2, 0x0a, 0xff)]) {
    const client = await connectToPeer(t, (stream) => {
      stream.respond(HEADERS, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }));
      stream.end(body);
    });
    await assert.rejects(client.say(message('')));
  }
});
