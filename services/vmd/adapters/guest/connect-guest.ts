import { randomBytes, randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { BangerError } from '#kit/errors.ts';
import { dialTcp, dialUdp, dialUnix } from './dial.ts';
import { attach, exec, execDetached, processes } from './exec.ts';
import { FieldReader } from './fields.ts';
import { figures } from './figures.ts';
import { list, listTree, pack, stat, unpack } from './files.ts';
import { encodeHello, type Frame, FrameParser, type SessionMark } from './frame.ts';
import type { BootPhase, CallOptions, Guest, GuestReady } from './guest.ts';
import { toPlainText } from './guest-error.ts';
import { addEntropy, ping, powerOff, reboot, setClock, setIdentity, sync } from './machine.ts';
import { ports } from './ports.ts';
import { FRAME, NONCE_BYTES, PROTOCOL_VERSION } from './protocol.ts';
import { Session } from './session.ts';

/**
 * Greets the guest on a connected socket and resolves when it answers, however long its boot takes:
 * the caller's signal is the deadline. The socket is the session's from here on, also on failure.
 * Works the same on the first connection and on any later one.
 */
export async function connectGuest(socket: Duplex, options: CallOptions = {}): Promise<Guest> {
  const mark = { tag: randomInt(1, 2 ** 32), nonce: randomBytes(NONCE_BYTES) };
  try {
    const { parser, greeting } = await greet(socket, mark, options.signal);
    const ready = readGreeting(greeting);
    return toGuest(new Session(socket, parser, mark.tag), ready);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

type Greeted = { parser: FrameParser; greeting: Frame };

function greet(socket: Duplex, mark: SessionMark, signal?: AbortSignal): Promise<Greeted> {
  const parser = new FrameParser(mark);
  const done = Promise.withResolvers<Greeted>();
  let version: number | undefined;
  let greeting: Frame | undefined;
  const take = (chunk: Buffer) => {
    try {
      parser.push(chunk);
      /* What follows the greeting stays in the parser; it is the session's. */
      if (greeting !== undefined) return;
      version ??= parser.welcome();
      if (version === undefined) return;
      if (version !== PROTOCOL_VERSION) throw versionMismatch();
      greeting = parser.next();
      if (greeting !== undefined) done.resolve({ parser, greeting });
    } catch (error) {
      done.reject(error);
    }
  };
  const fail = (cause?: Error) => done.reject(closedEarly(cause));
  const abort = () => done.reject(cancelled(signal));
  socket.on('data', take).once('error', fail).once('close', fail);
  signal?.addEventListener('abort', abort, { once: true });
  if (socket.destroyed) fail();
  else if (signal?.aborted) abort();
  else socket.write(encodeHello(mark));
  return done.promise.finally(() => {
    /* Paused, so that nothing is lost until the session listens. */
    socket.pause().off('data', take).off('close', fail);
    signal?.removeEventListener('abort', abort);
  });
}

function readGreeting(frame: Frame): GuestReady {
  const fields = new FieldReader(frame.payload);
  if (frame.type === FRAME.READY) return readReady(fields);
  if (frame.type !== FRAME.FAILED) {
    throw new BangerError('GUEST_UNREACHABLE', 'the guest broke the protocol of its channel');
  }
  const step = toPlainText(fields.text());
  const reason = toPlainText(fields.text());
  throw new BangerError('GUEST_UNREACHABLE', `the guest failed to boot at "${step}": ${reason}`, {
    metadata: { step, reason },
  });
}

function readReady(fields: FieldReader): GuestReady {
  return {
    version: toPlainText(fields.text()),
    bootId: toPlainText(fields.text()),
    kernel: toPlainText(fields.text()),
    init: toPlainText(fields.text()),
    answeredNs: fields.u64(),
    phases: Array.from({ length: fields.count(12) }, () => readPhase(fields)),
    warnings: Array.from({ length: fields.count(4) }, () => toPlainText(fields.text())),
  };
}

function readPhase(fields: FieldReader): BootPhase {
  return { name: toPlainText(fields.text()), atNs: fields.u64() };
}

function toGuest(session: Session, ready: GuestReady): Guest {
  session.start();
  return {
    ready,
    closed: session.closed,
    close: () => session.close(),
    ping: (options) => ping(session, options),
    exec: (request, options) => exec(session, request, options),
    execDetached: (request, options) => execDetached(session, request, options),
    attach: (handle, options) => attach(session, handle, options),
    processes: (options) => processes(session, options),
    unpack: (folder, archive, options) => unpack(session, folder, archive, options),
    pack: (folder, options) => pack(session, folder, options),
    stat: (path, options) => stat(session, path, options),
    list: (path, options) => list(session, path, options),
    listTree: (path, options) => listTree(session, path, options),
    dialTcp: (address, port, options) => dialTcp(session, address, port, options),
    dialUnix: (path, options) => dialUnix(session, path, options),
    dialUdp: (address, port, options) => dialUdp(session, address, port, options),
    ports: (options) => ports(session, options),
    figures: (options) => figures(session, options),
    sync: (options) => sync(session, options),
    powerOff: (options) => powerOff(session, options),
    reboot: (options) => reboot(session, options),
    setClock: (time, options) => setClock(session, time, options),
    addEntropy: (bytes, options) => addEntropy(session, bytes, options),
    setIdentity: (config, options) => setIdentity(session, config, options),
  };
}

function versionMismatch(): BangerError {
  return new BangerError(
    'FEATURE_UNSUPPORTED',
    `the guest program does not speak protocol version ${PROTOCOL_VERSION}; start the VM again to give it the current one`,
  );
}

function closedEarly(cause?: Error): BangerError {
  return new BangerError(
    'GUEST_UNREACHABLE',
    "the guest's channel closed before the guest answered",
    cause === undefined ? {} : { cause },
  );
}

function cancelled(signal?: AbortSignal): BangerError {
  return new BangerError('CANCELLED', 'waiting for the guest was cancelled', {
    cause: signal?.reason,
  });
}
