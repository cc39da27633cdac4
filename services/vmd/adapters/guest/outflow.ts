import type { BangerError } from '#kit/errors.ts';
import type { GuestStream } from './guest-stream.ts';
import { CHANNEL_IN, FRAME, PAYLOAD_MAX } from './protocol.ts';

/** Bytes to the guest on channel 0, sent only as far as the guest gave credit. */
export class Outflow {
  readonly #stream: GuestStream;
  #credit = 0;
  #stopped = false;
  #failure: BangerError | undefined;
  #changed: PromiseWithResolvers<void> | undefined;
  #onStop: (() => void) | undefined;

  constructor(stream: GuestStream) {
    this.#stream = stream;
  }

  /** The guest takes no more, which is nobody's mistake: `head` reads no further either. */
  get stopped(): boolean {
    return this.#stopped;
  }

  onStop(listener: () => void): void {
    this.#onStop = listener;
    if (this.#stopped) listener();
  }

  credit(bytes: number): void {
    this.#credit += bytes;
    this.#change();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#change();
    this.#onStop?.();
  }

  fail(reason: BangerError): void {
    if (this.#stopped) return;
    this.#failure = reason;
    this.stop();
  }

  /** Resolves when everything is with the socket, or when the guest takes no more. */
  async write(chunk: Buffer): Promise<void> {
    let at = 0;
    while (at < chunk.length && (await this.#ready(1))) {
      const length = Math.min(chunk.length - at, PAYLOAD_MAX, this.#credit);
      this.#send(chunk.subarray(at, at + length));
      at += length;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A datagram travels whole. */
  async writeWhole(datagram: Buffer): Promise<void> {
    if (await this.#ready(datagram.length)) this.#send(datagram);
    if (this.#failure !== undefined) throw this.#failure;
  }

  end(): void {
    if (!this.#stopped) this.#stream.send(FRAME.END, CHANNEL_IN);
  }

  #send(part: Buffer): void {
    this.#credit -= part.length;
    this.#stream.send(FRAME.DATA, CHANNEL_IN, part);
  }

  async #ready(bytes: number): Promise<boolean> {
    while (!this.#stopped) {
      await this.#stream.session.writable();
      if (this.#stopped || this.#credit >= bytes) break;
      this.#changed ??= Promise.withResolvers<void>();
      await this.#changed.promise;
    }
    return !this.#stopped;
  }

  #change(): void {
    this.#changed?.resolve();
    this.#changed = undefined;
  }
}
