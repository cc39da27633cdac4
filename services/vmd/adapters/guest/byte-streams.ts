import { Duplex, Readable, Writable } from 'node:stream';
import type { BangerError } from '#kit/errors.ts';
import type { Inflow, InflowReader } from './inflow.ts';
import type { Outflow } from './outflow.ts';

type Done = (error?: Error | null) => void;

/*
 * Each of these may fail while nobody listens, for instance the standard error of a command whose
 * guest goes away. Node would end the process for that; the failure is told by the request's own
 * promise, and by reading or writing the stream.
 */
const ignoreUnheard = () => undefined;

async function settle(work: Promise<void>, done: Done): Promise<void> {
  const failure = await work.then(
    () => null,
    (error: Error) => error,
  );
  done(failure);
}

function readerOf(readable: Readable): InflowReader {
  return {
    push: (chunk) => readable.push(chunk),
    end: () => void readable.push(null),
    fail: (reason: BangerError) => void readable.destroy(reason),
  };
}

/** What the guest sends. Leaving it early tells the guest's writer that its pipe is closed. */
export class GuestReadable extends Readable {
  readonly #inflow: Inflow;

  constructor(inflow: Inflow) {
    super();
    this.#inflow = inflow;
    this.on('error', ignoreUnheard);
    inflow.attach(readerOf(this));
  }

  override _read(): void {
    this.#inflow.resume();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#inflow.stop();
    done(error);
  }
}

/** What goes to the guest. It is destroyed, without an error, when the guest's reader has gone. */
export class GuestWritable extends Writable {
  readonly #outflow: Outflow;

  constructor(outflow: Outflow) {
    super();
    this.#outflow = outflow;
    this.on('error', ignoreUnheard);
    outflow.onStop(() => this.destroy());
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    void settle(this.#outflow.write(chunk), done);
  }

  override _final(done: Done): void {
    this.#outflow.end();
    done();
  }
}

/** A connection into the guest. With `datagrams`, every chunk read or written is one datagram. */
export class GuestSocket extends Duplex {
  readonly #inflow: Inflow;
  readonly #outflow: Outflow;
  readonly #give: (chunk: Buffer) => Promise<void>;
  readonly #cancel: () => void;

  constructor(flows: { inflow: Inflow; outflow: Outflow; cancel: () => void; datagrams: boolean }) {
    super({ objectMode: flows.datagrams, allowHalfOpen: true });
    this.#inflow = flows.inflow;
    this.#outflow = flows.outflow;
    this.#cancel = flows.cancel;
    this.#give = (chunk) =>
      flows.datagrams ? this.#outflow.writeWhole(chunk) : this.#outflow.write(chunk);
    this.on('error', ignoreUnheard);
    flows.inflow.attach(readerOf(this));
  }

  override _read(): void {
    this.#inflow.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    void settle(this.#give(chunk), done);
  }

  override _final(done: Done): void {
    this.#outflow.end();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#cancel();
    done(error);
  }
}
