import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeHeader, encodeHello, encodeTag, FrameParser } from './frame.ts';
import { FRAME_MAX } from './protocol.ts';
import { failsWith } from './testing/fails-with.ts';

const VECTORS = join(import.meta.dirname, '../../../../guest/test/protocol-vectors.txt');

/** The fields of the vectors of one kind, without kind and name. */
function vectors(kind: string): string[][] {
  const lines = readFileSync(VECTORS, 'utf8').split('\n');
  const found = lines.map((line) => line.split(' ')).filter(([first]) => first === kind);
  assert.ok(found.length > 0);
  return found.map((fields) => fields.slice(2));
}

function parseBytes(text: string): Buffer {
  if (text === '-') return Buffer.alloc(0);
  const parts = text.split('+').map((part) => {
    const [digits = '', count = '1'] = part.split('*');
    return Buffer.alloc((digits.length / 2) * Number(count), Buffer.from(digits, 'hex'));
  });
  return Buffer.concat(parts);
}

const mark = { tag: 0x11223344, nonce: Buffer.from('a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', 'hex') };
const welcome = () => parseBytes(vectors('welcome')[0]?.[3] ?? '');

test('frames are written as the shared vectors say', () => {
  for (const [tag, type, channel, flags, stream, payload, bytes] of vectors('frame')) {
    const frame = {
      type: Number.parseInt(type ?? '', 16),
      channel: Number(channel),
      flags: Number(flags),
      stream: Number(stream),
      payload: parseBytes(payload ?? ''),
    };
    const tail = encodeTag(Number.parseInt(tag ?? '', 16));
    const whole = Buffer.concat([encodeHeader(frame), frame.payload, tail]);
    assert.deepEqual(whole, parseBytes(bytes ?? ''));
  }
});

test('frames are read as the shared vectors say, however they are cut', () => {
  for (const [tag, type, channel, flags, stream, payload, bytes] of vectors('frame')) {
    for (const cut of [1, 5, 4096, FRAME_MAX]) {
      const number = Number.parseInt(tag ?? '', 16);
      const parser = new FrameParser({ tag: number, nonce: mark.nonce });
      const greeting = welcome();
      greeting.writeUInt32LE(number, 12);
      const input = Buffer.concat([greeting, parseBytes(bytes ?? '')]);
      for (let at = 0; at < input.length; at += cut) parser.push(input.subarray(at, at + cut));
      assert.equal(parser.welcome(), 1);
      assert.deepEqual(parser.next(), {
        type: Number.parseInt(type ?? '', 16),
        channel: Number(channel),
        flags: Number(flags),
        stream: Number(stream),
        payload: parseBytes(payload ?? ''),
      });
      assert.equal(parser.next(), undefined);
    }
  }
});

test('the greeting is the filler and the hello of the shared vectors', () => {
  for (const [tag, nonce, bytes] of vectors('hello')) {
    const hello = { tag: Number.parseInt(tag ?? '', 16), nonce: parseBytes(nonce ?? '') };
    const greeting = encodeHello(hello);
    assert.deepEqual(greeting.subarray(FRAME_MAX), parseBytes(bytes ?? ''));
    assert.ok(greeting.subarray(0, FRAME_MAX).every((byte) => byte === 0));
  }
});

test('a welcome tells the version the guest chose, 0 for none', () => {
  for (const [version, , , bytes] of vectors('welcome')) {
    const parser = new FrameParser(mark);
    parser.push(parseBytes(bytes ?? ''));
    assert.equal(parser.welcome(), Number(version));
  }
});

test('stale bytes before the welcome are dropped, a welcome for another host among them', () => {
  const other = welcome();
  other.writeUInt8(0xff, 16);
  const stale = Buffer.concat([Buffer.alloc(1000, 0x93), other, welcome().subarray(0, 20)]);
  for (const cut of [1, 3, 64, 5000]) {
    const parser = new FrameParser(mark);
    const input = Buffer.concat([stale, welcome()]);
    for (let at = 0; at < input.length - 1; at += cut) {
      parser.push(input.subarray(at, Math.min(at + cut, input.length - 1)));
      assert.equal(parser.welcome(), undefined);
    }
    parser.push(input.subarray(-1));
    assert.equal(parser.welcome(), 1);
  }
});

test('a frame with the tag of another session is a broken protocol', () => {
  const parser = new FrameParser(mark);
  const frame = { type: 2, channel: 0, flags: 0, stream: 1, payload: Buffer.from('x') };
  parser.push(Buffer.concat([welcome(), encodeHeader(frame), frame.payload, encodeTag(5)]));
  assert.equal(parser.welcome(), 1);
  assert.throws(() => parser.next(), failsWith('GUEST_UNREACHABLE', /broke the protocol/));
});

test('a frame that claims to be longer than any is refused before it is waited for', () => {
  const parser = new FrameParser(mark);
  const header = encodeHeader({
    type: 2,
    channel: 0,
    flags: 0,
    stream: 1,
    payload: Buffer.alloc(0),
  });
  header.writeUInt32LE(65_537, 0);
  parser.push(Buffer.concat([welcome(), header]));
  assert.equal(parser.welcome(), 1);
  assert.throws(() => parser.next(), failsWith('GUEST_UNREACHABLE', /broke the protocol/));
});
