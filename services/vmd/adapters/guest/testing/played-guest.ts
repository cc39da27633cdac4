import { duplexPair } from 'node:stream';
import { connectGuest } from '../connect-guest.ts';
import { encodeHeader, encodeTag, NO_PAYLOAD } from '../frame.ts';
import type { Guest } from '../guest.ts';
import { FRAME, FRAME_MAX, HELLO_BYTES } from '../protocol.ts';

export type PlayedFrame = { type: number; stream?: number; channel?: number; payload?: Buffer };

export type PlayedGuest = {
  readonly tag: number;
  send(frame: PlayedFrame): void;
  sendRaw(bytes: Buffer): void;
};

/** A READY without a word: four empty texts, a time, no phases, no warnings. */
const READY: PlayedFrame = { type: FRAME.READY, payload: Buffer.alloc(4 * 4 + 8 + 4 + 4) };

/** Plays a guest by hand, for what an honest one never does. */
export async function playGuest(
  version = 1,
  first: PlayedFrame = READY,
): Promise<{ connected: Promise<Guest>; played: PlayedGuest }> {
  const [here, there] = duplexPair();
  const connected = connectGuest(here);
  /* The caller may look at it late. */
  connected.catch(() => undefined);
  const hello = await readHello(there);
  const tag = hello.readUInt32LE(12);
  hello.write('\x93banger\n', 'latin1');
  hello.writeUInt16LE(version, 8);
  there.write(hello);
  const sendRaw = (bytes: Buffer) => void there.write(bytes);
  const send = ({ type, stream = 0, channel = 0, payload = NO_PAYLOAD }: PlayedFrame) => {
    const header = encodeHeader({ type, stream, channel, flags: 0, payload });
    sendRaw(Buffer.concat([header, payload, encodeTag(tag)]));
  };
  send(first);
  return { connected, played: { tag, send, sendRaw } };
}

async function readHello(there: NodeJS.ReadableStream): Promise<Buffer> {
  const done = Promise.withResolvers<Buffer>();
  let greeting = Buffer.alloc(0);
  there.on('data', (chunk: Buffer) => {
    greeting = Buffer.concat([greeting, chunk]);
    if (greeting.length >= FRAME_MAX + HELLO_BYTES) done.resolve(greeting.subarray(FRAME_MAX));
  });
  return Buffer.from((await done.promise).subarray(0, HELLO_BYTES));
}
