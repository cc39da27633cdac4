import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameMessage, readMessages } from './http2-frames.ts';
import { failsWith } from './testing/fails-with.ts';

async function* streamOf(...chunks: Uint8Array[]) {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function read(...chunks: Uint8Array[]): Promise<string[]> {
  const messages: string[] = [];
  for await (const message of readMessages(streamOf(...chunks), 100)) {
    messages.push(message.toString());
  }
  return messages;
}

const WIRE = Buffer.concat(['one', '', 'three'].map((text) => frameMessage(Buffer.from(text))));

test('a message is framed by a flag and its length', () => {
  assert.deepEqual([...frameMessage(Buffer.from('hi'))], [0, 0, 0, 0, 2, 104, 105]);
});

test('messages are read whole wherever the stream is cut in two', async () => {
  for (let cut = 0; cut <= WIRE.length; cut++) {
    const found = await read(WIRE.subarray(0, cut), WIRE.subarray(cut));
    assert.deepEqual(found, ['one', '', 'three'], `cut at ${cut}`);
  }
});

test('messages are read whole when every byte comes alone', async () => {
  assert.deepEqual(await read(...[...WIRE].map((byte) => Buffer.of(byte))), ['one', '', 'three']);
});

test('nothing is no message', async () => {
  assert.deepEqual(await read(), []);
  assert.deepEqual(await read(Buffer.alloc(0)), []);
});

test('a message over the limit is refused by its length, before it has come', async () => {
  assert.deepEqual(await read(frameMessage(Buffer.alloc(100, 'a'))), ['a'.repeat(100)]);
  await assert.rejects(
    read(Buffer.of(0, 0xff, 0xff, 0xff, 0xff)),
    failsWith('INTERNAL', /4294967295 bytes; the limit is 100/),
  );
});

test('a stream that ends inside a message is an error, wherever that is', async () => {
  const whole = frameMessage(Buffer.from('hello'));
  for (let length = 1; length < whole.length; length++) {
    await assert.rejects(
      read(whole.subarray(0, length)),
      failsWith('INTERNAL', /ended in the middle of a message/),
    );
  }
});

test('a compressed message is refused, because nobody asked for one', async () => {
  await assert.rejects(read(Buffer.of(1, 0, 0, 0, 0)), failsWith('INTERNAL', /compressed/));
});
