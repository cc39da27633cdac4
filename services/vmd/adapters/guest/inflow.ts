import type { BangerError } from '#kit/errors.ts';
import { brokenProtocol } from './frame.ts';
import type { GuestStream } from './guest-stream.ts';
import { FRAME } from './protocol.ts';

/** Who takes the bytes: says whether it wants more now, and asks by `resume` when it does later. */
export type InflowReader = {
  push(chunk: Buffer): boolean;
  end(): void;
  fail(reason: BangerError): void;
};

/**
 * Bytes from the guest on one channel. At most the window is ever here or on its way, because credit
 * is given back only for what the reader took.
 */
export class Inflow {
  readonly #stream: GuestStream;
  readonly #channel: number;
  readonly #windowBytes: number;
  #reader: InflowReader | undefined;
  #queue: Buffer[] = [];
  #outstanding: number;
  #owed = 0;
  #wanted = false;
  #finish: 'open' | 'ended' | BangerError = 'open';
  #told = false;

  constructor(stream: GuestStream, channel: number, windowBytes: number) {
    this.#stream = stream;
    this.#channel = channel;
    this.#windowBytes = windowBytes;
    this.#outstanding = windowBytes;
  }

  attach(reader: InflowReader): void {
    this.#reader = reader;
  }

  deliver(chunk: Buffer): void {
    /* A datagram may overdraw the credit, by less than its own size. */
    if (chunk.length > 0 && this.#outstanding <= 0) throw brokenProtocol();
    this.#outstanding -= chunk.length;
    if (this.#finish !== 'open') return;
    this.#queue.push(chunk);
    this.#flush();
  }

  end(): void {
    this.#conclude('ended');
  }

  fail(reason: BangerError): void {
    this.#conclude(reason);
  }

  /** The reader wants more. */
  resume(): void {
    this.#wanted = true;
    this.#flush();
  }

  /** The reader wants nothing more: the guest's writer is to learn that its pipe is closed. */
  stop(): void {
    if (this.#finish !== 'open') return;
    this.#finish = 'ended';
    this.#told = true;
    this.#queue = [];
    this.#stream.send(FRAME.STOP, this.#channel);
  }

  #conclude(finish: 'ended' | BangerError): void {
    if (this.#finish !== 'open') return;
    this.#finish = finish;
    this.#flush();
  }

  #flush(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    while (this.#wanted) {
      const chunk = this.#queue.shift();
      if (chunk === undefined) break;
      this.#wanted = reader.push(chunk);
      this.#payBack(chunk.length);
    }
    if (this.#queue.length > 0 || this.#told || this.#finish === 'open') return;
    this.#told = true;
    if (this.#finish === 'ended') reader.end();
    else reader.fail(this.#finish);
  }

  #payBack(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < this.#windowBytes / 2 || this.#finish !== 'open') return;
    const credit = Buffer.alloc(4);
    credit.writeUInt32LE(this.#owed);
    this.#outstanding += this.#owed;
    this.#owed = 0;
    this.#stream.send(FRAME.CREDIT, this.#channel, credit);
  }
}
