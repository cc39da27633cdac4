import type { Duplex } from 'node:stream';
import { BangerError } from '#kit/errors.ts';
import {
  brokenProtocol,
  encodeHeader,
  encodeTag,
  type Frame,
  type FrameParser,
  NO_PAYLOAD,
} from './frame.ts';
import { GuestStream } from './guest-stream.ts';
import { FLAG_MORE, FRAME, PAYLOAD_MAX, REQUEST_MAX } from './protocol.ts';

export type OutgoingFrame = {
  type: number;
  stream: number;
  channel?: number;
  flags?: number;
  payload?: Buffer;
};

/** One greeted guest on one socket: sends frames, and hands those that come to their streams. */
export class Session {
  readonly #socket: Duplex;
  readonly #parser: FrameParser;
  readonly #tag: Buffer;
  readonly #streams = new Map<number, GuestStream>();
  readonly #closed = Promise.withResolvers<BangerError>();
  #nextId = 1;
  #failure: BangerError | undefined;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(socket: Duplex, parser: FrameParser, tag: number) {
    this.#socket = socket;
    this.#parser = parser;
    this.#tag = encodeTag(tag);
  }

  /** Begins with what came together with the greeting. */
  start(): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#resumeWriters());
    socket.on('error', (cause) => this.fail(gone(cause)));
    socket.once('close', () => this.fail(gone()));
    this.#dispatchParsed();
    if (socket.destroyed) this.fail(gone());
    socket.resume();
  }

  /** Fulfilled with the reason once the guest can no longer be reached through this session. */
  get closed(): Promise<BangerError> {
    return this.#closed.promise;
  }

  get failure(): BangerError | undefined {
    return this.#failure;
  }

  /** Opens a stream with a request; what comes back is the stream's. */
  open(operation: number, fields: Buffer, signal?: AbortSignal): GuestStream {
    const stream = new GuestStream(this, this.#nextId++);
    if (this.#failure !== undefined) {
      stream.fail(this.#failure);
      return stream;
    }
    this.#streams.set(stream.id, stream);
    stream.abortOn(signal);
    if (!stream.ended) this.#sendRequest(stream.id, operation, fields);
    return stream;
  }

  forget(stream: GuestStream): void {
    this.#streams.delete(stream.id);
  }

  send(frame: OutgoingFrame): void {
    if (this.#failure !== undefined) return;
    const whole = { channel: 0, flags: 0, payload: NO_PAYLOAD, ...frame };
    this.#socket.cork();
    this.#socket.write(encodeHeader(whole));
    if (whole.payload.length > 0) this.#socket.write(whole.payload);
    this.#socket.write(this.#tag);
    this.#socket.uncork();
  }

  /** Waits while the socket has more to send than it should; bulk senders ask before every frame. */
  async writable(): Promise<void> {
    while (this.#socket.writableNeedDrain && this.#failure === undefined) {
      this.#drained ??= Promise.withResolvers<void>();
      await this.#drained.promise;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.fail(new BangerError('GUEST_UNREACHABLE', CLOSED));
  }

  fail(reason: BangerError): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#resumeWriters();
    for (const stream of this.#streams.values()) stream.fail(reason);
    this.#streams.clear();
    this.#socket.destroy();
    this.#closed.resolve(reason);
  }

  #resumeWriters(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #sendRequest(stream: number, operation: number, fields: Buffer): void {
    const request = Buffer.alloc(2 + fields.length);
    request.writeUInt16LE(operation);
    fields.copy(request, 2);
    for (let at = 0; at < request.length; at += PAYLOAD_MAX) {
      const payload = request.subarray(at, at + PAYLOAD_MAX);
      const flags = at + PAYLOAD_MAX < request.length ? FLAG_MORE : 0;
      this.send({ type: FRAME.OPEN, stream, flags, payload });
    }
  }

  #receive(chunk: Buffer): void {
    this.#parser.push(chunk);
    this.#dispatchParsed();
  }

  #dispatchParsed(): void {
    try {
      for (let frame = this.#parser.next(); frame; frame = this.#parser.next()) {
        this.#dispatch(frame);
      }
    } catch (error) {
      this.fail(error instanceof BangerError ? error : brokenProtocol());
    }
  }

  #dispatch(frame: Frame): void {
    if (frame.stream !== 0) {
      /* A stream we gave up may still have frames on their way. */
      this.#streams.get(frame.stream)?.receive(frame);
      return;
    }
    if (frame.type !== FRAME.ERROR) throw brokenProtocol();
    throw new BangerError('GUEST_UNREACHABLE', 'the guest refused what was sent to it', {
      metadata: { reason: frame.payload.subarray(8).toString('utf8').slice(0, 500) },
    });
  }
}

/** Checked before anything is sent, so that a request that cannot fit changes nothing. */
export function checkRequestSize(fields: Buffer): Buffer {
  if (fields.length + 2 <= REQUEST_MAX) return fields;
  throw new BangerError(
    'INVALID_FIELD',
    `the request is ${fields.length} bytes long, ${REQUEST_MAX - 2} are possible; pass large data through standard input`,
  );
}

const CLOSED =
  "the guest's channel closed, because its machine has ended or its agent; see: banger vm list";

function gone(cause?: Error): BangerError {
  return new BangerError('GUEST_UNREACHABLE', CLOSED, cause === undefined ? {} : { cause });
}
