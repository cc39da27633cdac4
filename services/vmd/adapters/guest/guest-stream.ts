import { BangerError } from '#kit/errors.ts';
import { brokenProtocol, type Frame, NO_PAYLOAD } from './frame.ts';
import { type GuestFailure, parseGuestFailure, toBangerError } from './guest-error.ts';
import { Inflow } from './inflow.ts';
import { Outflow } from './outflow.ts';
import { FRAME } from './protocol.ts';
import type { Session } from './session.ts';

/** One request and everything that belongs to it, until its result, its failure, or our giving it up. */
export class GuestStream {
  readonly session: Session;
  readonly id: number;
  /** What we send on channel 0. */
  readonly outflow: Outflow;
  readonly #inflows = new Map<number, Inflow>();
  readonly #accepted = Promise.withResolvers<Buffer>();
  readonly #result = Promise.withResolvers<Buffer>();
  #failure: GuestFailure | undefined;
  #ended = false;
  #unlisten: (() => void) | undefined;

  constructor(session: Session, id: number) {
    this.session = session;
    this.id = id;
    this.outflow = new Outflow(this);
    /* Whoever wants to know asks; nobody asking is no reason to end the process. */
    this.#accepted.promise.catch(() => undefined);
    this.#result.promise.catch(() => undefined);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get accepted(): Promise<Buffer> {
    return this.#accepted.promise;
  }

  get result(): Promise<Buffer> {
    return this.#result.promise;
  }

  /** Set when the guest itself refused the request. */
  get failure(): GuestFailure | undefined {
    return this.#failure;
  }

  /** Must be called in the turn that opened the stream, with the credit its request gave. */
  inflow(channel: number, windowBytes: number): Inflow {
    const inflow = new Inflow(this, channel, windowBytes);
    this.#inflows.set(channel, inflow);
    return inflow;
  }

  abortOn(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = () => this.cancel(signal.reason);
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    this.#unlisten = () => signal.removeEventListener('abort', abort);
  }

  send(type: number, channel = 0, payload: Buffer = NO_PAYLOAD): void {
    if (!this.#ended) this.session.send({ type, stream: this.id, channel, payload });
  }

  /** Gives the request up: the guest ends what it does for it. */
  cancel(cause?: unknown): void {
    if (this.#ended) return;
    this.send(FRAME.CANCEL);
    this.fail(new BangerError('CANCELLED', 'the request to the guest was cancelled', { cause }));
  }

  fail(reason: BangerError): void {
    if (this.#ended) return;
    this.#end();
    this.#accepted.reject(reason);
    this.#result.reject(reason);
    this.outflow.fail(reason);
    for (const inflow of this.#inflows.values()) inflow.fail(reason);
  }

  receive(frame: Frame): void {
    switch (frame.type) {
      case FRAME.DATA:
        this.#inflowOf(frame).deliver(frame.payload);
        break;
      case FRAME.END:
        this.#inflowOf(frame).end();
        break;
      case FRAME.CREDIT:
        if (frame.payload.length !== 4) throw brokenProtocol();
        this.outflow.credit(frame.payload.readUInt32LE());
        break;
      case FRAME.STOP:
        this.outflow.stop();
        break;
      case FRAME.ACCEPTED:
        this.#accepted.resolve(frame.payload);
        break;
      case FRAME.RESULT:
        this.#succeed(frame.payload);
        break;
      case FRAME.ERROR:
        this.#refuse(frame.payload);
        break;
      default:
        throw brokenProtocol();
    }
  }

  #inflowOf(frame: Frame): Inflow {
    const inflow = this.#inflows.get(frame.channel);
    if (inflow === undefined) throw brokenProtocol();
    return inflow;
  }

  #succeed(payload: Buffer): void {
    this.#end();
    /* A copy, because the payload lies in a larger buffer that somebody may keep for long. */
    this.#result.resolve(Buffer.from(payload));
    this.#accepted.resolve(NO_PAYLOAD);
    this.#endFlows();
  }

  #refuse(payload: Buffer): void {
    const failure = parseGuestFailure(payload);
    this.#failure = failure;
    /* A command that did not start has no output; that is its outcome, not a broken stream. */
    if (failure.exitStatus !== 0) this.#endFlows();
    this.fail(toBangerError(failure));
  }

  #endFlows(): void {
    this.outflow.stop();
    for (const inflow of this.#inflows.values()) inflow.end();
  }

  #end(): void {
    this.#ended = true;
    this.#unlisten?.();
    this.session.forget(this);
  }
}
