import { BangerError } from '#kit/errors.ts';
import {
  FRAME,
  FRAME_MAX,
  HEADER_BYTES,
  HELLO_BYTES,
  HELLO_MAGIC,
  NONCE_BYTES,
  PAYLOAD_MAX,
  PROTOCOL_VERSION,
  TAG_BYTES,
  WELCOME_MAGIC,
} from './protocol.ts';

export type Frame = {
  readonly type: number;
  readonly channel: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
};

/** How one session's frames are told from the remains of another. */
export type SessionMark = { readonly tag: number; readonly nonce: Buffer };

export const NO_PAYLOAD = Buffer.alloc(0);

export function encodeHeader(frame: Frame): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(frame.payload.length, 0);
  header.writeUInt8(frame.type, 4);
  header.writeUInt8(frame.channel, 5);
  header.writeUInt16LE(frame.flags, 6);
  header.writeUInt32LE(frame.stream, 8);
  return header;
}

export function encodeTag(tag: number): Buffer {
  const bytes = Buffer.alloc(TAG_BYTES);
  bytes.writeUInt32LE(tag);
  return bytes;
}

/** The filler carries the guest over a frame that an earlier host left half sent; see the document. */
export function encodeHello(mark: SessionMark): Buffer {
  const greeting = Buffer.alloc(FRAME_MAX + HELLO_BYTES);
  HELLO_MAGIC.copy(greeting, FRAME_MAX);
  greeting.writeUInt16LE(PROTOCOL_VERSION, FRAME_MAX + 8);
  greeting.writeUInt16LE(PROTOCOL_VERSION, FRAME_MAX + 10);
  greeting.writeUInt32LE(mark.tag, FRAME_MAX + 12);
  mark.nonce.copy(greeting, FRAME_MAX + 16);
  return greeting;
}

/**
 * Takes the guest's bytes apart. Until the welcome that carries this session's nonce, everything is
 * stale and dropped; after it, one byte out of place is a broken protocol, because nothing can come
 * between.
 */
export class FrameParser {
  readonly #mark: SessionMark;
  #chunks: Buffer[] = [];
  #have = 0;
  #welcomed = false;

  constructor(mark: SessionMark) {
    this.#mark = mark;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#have += chunk.length;
  }

  /** The version the guest chose, once its welcome is there; 0 when it speaks none of ours. */
  welcome(): number | undefined {
    const bytes = this.#peek(this.#have);
    let from = 0;
    for (;;) {
      const at = bytes.indexOf(WELCOME_MAGIC, from);
      const end = at + HELLO_BYTES;
      if (at < 0 || end > bytes.length) {
        const keep = at < 0 ? Math.min(bytes.length, WELCOME_MAGIC.length - 1) : bytes.length - at;
        this.#drop(bytes.length - keep);
        return undefined;
      }
      const nonce = bytes.subarray(end - NONCE_BYTES, end);
      if (nonce.equals(this.#mark.nonce) && bytes.readUInt32LE(at + 12) === this.#mark.tag) {
        this.#drop(end);
        this.#welcomed = true;
        return bytes.readUInt16LE(at + 8);
      }
      from = at + 1;
    }
  }

  /** The next whole frame. Its payload may share memory with what was pushed. */
  next(): Frame | undefined {
    if (!this.#welcomed || this.#have < HEADER_BYTES) return undefined;
    const header = this.#peek(HEADER_BYTES);
    const length = header.readUInt32LE(0);
    const type = header.readUInt8(4);
    if (length > PAYLOAD_MAX || type < FRAME.OPEN || type > FRAME.ERROR) throw brokenProtocol();
    const whole = HEADER_BYTES + length + TAG_BYTES;
    if (this.#have < whole) return undefined;
    const bytes = this.#peek(whole);
    if (bytes.readUInt32LE(HEADER_BYTES + length) !== this.#mark.tag) throw brokenProtocol();
    this.#drop(whole);
    return {
      type,
      channel: bytes.readUInt8(5),
      flags: bytes.readUInt16LE(6),
      stream: bytes.readUInt32LE(8),
      payload: bytes.subarray(HEADER_BYTES, HEADER_BYTES + length),
    };
  }

  /** The first `length` bytes in one piece; copied only when they lie in several chunks. */
  #peek(length: number): Buffer {
    const first = this.#chunks[0] ?? NO_PAYLOAD;
    if (first.length >= length) return first.subarray(0, length);
    const piece = Buffer.allocUnsafe(length);
    let fill = 0;
    for (const chunk of this.#chunks) {
      fill += chunk.copy(piece, fill);
      if (fill === length) break;
    }
    return piece;
  }

  #drop(length: number): void {
    this.#have -= length;
    let left = length;
    while (left > 0) {
      const first = this.#chunks[0];
      if (first === undefined) return;
      if (first.length > left) {
        this.#chunks[0] = first.subarray(left);
        return;
      }
      this.#chunks.shift();
      left -= first.length;
    }
  }
}

export function brokenProtocol(): BangerError {
  return new BangerError('GUEST_UNREACHABLE', 'the guest broke the protocol of its channel');
}
