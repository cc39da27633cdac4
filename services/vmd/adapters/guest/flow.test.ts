import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Duplex, Readable } from 'node:stream';
import { test } from 'node:test';
import { encodeHeader, encodeHello, encodeTag, FrameParser, type SessionMark } from './frame.ts';
import { FRAME, OP } from './protocol.ts';
import { startGreetedGuest } from './testing/greeted-guest.ts';

const MIB = 2 ** 20;

/** Resident memory of a process in bytes. */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

function* chunks(totalBytes: number): Generator<Buffer> {
  for (let sent = 0; sent < totalBytes; sent += 100_003) {
    yield Buffer.alloc(Math.min(100_003, totalBytes - sent), `${sent},`);
  }
}

test('two hundred megabytes go in and come out unchanged, a slow reader at the end, memory flat', async (t) => {
  const { guest, native } = await startGreetedGuest(t);
  const totalBytes = 200_000_000;
  const sent = createHash('sha256');
  const process_ = guest.exec({ argv: ['cat'], stdin: true });
  process_.stderr.resume();
  const source = Readable.from(chunks(totalBytes), { objectMode: true, highWaterMark: 1 });
  source.on('data', (chunk: Buffer) => sent.update(chunk)).pipe(process_.stdin);
  const pid = native.process.pid ?? 0;
  const before = [residentBytes(pid), residentBytes(process.pid)];
  const peaks = [0, 0];
  const received = createHash('sha256');
  let bytes = 0;
  for await (const chunk of process_.stdout as AsyncIterable<Buffer>) {
    received.update(chunk);
    bytes += chunk.length;
    /* A turn of the loop for every chunk: the reader is slower than everything before it. */
    await new Promise((resolve) => setImmediate(resolve));
    peaks[0] = Math.max(peaks[0] ?? 0, residentBytes(pid));
    peaks[1] = Math.max(peaks[1] ?? 0, residentBytes(process.pid));
  }
  assert.equal(bytes, totalBytes);
  assert.equal(received.digest('hex'), sent.digest('hex'));
  assert.equal((await process_.wait()).kind, 'exited');
  const grown = peaks.map((peak, at) => peak - (before[at] ?? 0));
  assert.ok((grown[0] ?? 0) < 20 * MIB, `the agent grew by ${grown[0]} bytes`);
  assert.ok((grown[1] ?? 0) < 110 * MIB, `the client grew by ${grown[1]} bytes`);
});

test('a request of any length is answered, wherever the agent stops reading to see to others', async (t) => {
  const { guest } = await startGreetedGuest(t);
  for (let length = 200_000; length < 800_000; length += 20_000) {
    const env = Array.from({ length: 10 }, (_, at) => `A${at}=${'x'.repeat(length / 10)}`);
    assert.equal((await guest.exec({ argv: ['true'], env }).wait()).kind, 'exited');
  }
});

test('a host that reads late gets the answer to everything it asked', async (t) => {
  const { native } = await startGreetedGuest(t);
  const mark = { tag: 77, nonce: Buffer.alloc(16, 1) };
  const payload = Buffer.alloc(1000, OP.PING);
  payload.writeUInt16LE(OP.PING);
  for (let requests = 300; requests < 700; requests += 20) {
    const socket = await native.connect();
    socket.write(encodeHello(mark));
    for (let stream = 1; stream <= requests; stream++) {
      const header = encodeHeader({ type: FRAME.OPEN, channel: 0, flags: 0, stream, payload });
      socket.write(Buffer.concat([header, payload, encodeTag(mark.tag)]));
    }
    /* Long enough for the agent to take in all it can; nothing is read meanwhile. */
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await countResults(socket, mark, requests), requests);
    socket.destroy();
  }
});

async function countResults(socket: Duplex, mark: SessionMark, wanted: number): Promise<number> {
  const parser = new FrameParser(mark);
  let found = 0;
  let version: number | undefined;
  for await (const chunk of socket) {
    parser.push(chunk as Buffer);
    // Only until it has come: what is no part of a welcome is dropped.
    version ??= parser.welcome();
    for (let frame = parser.next(); frame !== undefined; frame = parser.next()) {
      if (frame.type === FRAME.RESULT) found++;
    }
    if (found === wanted) break;
  }
  assert.notEqual(version, undefined);
  return found;
}

test('a reader that stops reading stops the writer, and only that one', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const stuck = guest.exec({ argv: ['yes'] });
  stuck.stdout.once('readable', () => undefined);
  const other = guest.exec({ argv: ['head', '-c', '20000000', '/dev/zero'] });
  let bytes = 0;
  for await (const chunk of other.stdout as AsyncIterable<Buffer>) bytes += chunk.length;
  assert.equal(bytes, 20_000_000);
  assert.ok(stuck.stdout.readableLength < MIB);
  stuck.cancel();
});

test('an input that nobody reads does not grow here or there', async (t) => {
  const { guest, native } = await startGreetedGuest(t);
  const pid = native.process.pid ?? 0;
  const stuck = guest.exec({ argv: ['sleep', '1000'], stdin: true });
  await stuck.started;
  let accepted = 0;
  while (stuck.stdin.write(Buffer.alloc(65_536)) && accepted < 100) accepted++;
  assert.ok(accepted < 16);
  await guest.ping();
  assert.ok(residentBytes(pid) < 100 * MIB);
  stuck.cancel();
});
