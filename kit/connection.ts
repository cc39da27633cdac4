import type { ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilAborted } from './abort.ts';
import { BangerError } from './errors.ts';

export type ConnectionOptions = {
  socket: string;
  /** Names the service in errors. */
  service: string;
  /** How long a service that is just (re)starting is waited for. */
  patienceMs: number;
  /** Called once when nothing listens; local mode starts the service here. */
  onAbsent?: () => Promise<void>;
  /** Called when a connection stands and the service says nothing on it: it is stopped, or very busy. */
  onSilence?: () => void;
};

/** One HTTP/2 session to a service, opened at the first call and again after the service went away. */
export type Connection = {
  /** The session, for one call; the process stays alive for a connection only while a call holds it. */
  hold(signal: AbortSignal): Promise<HeldSession>;
  close(): void;
};

export type HeldSession = { session: ClientHttp2Session } & Disposable;

const RETRY_MS = 10;
const SILENCE_MS = 3000;
const WINDOW_BYTES = 2 ** 20;

type Current = { session: ClientHttp2Session; holders: number };

export function openConnection(options: ConnectionOptions): Connection {
  let current: Current | undefined;
  let attempt: Attempt | undefined;

  const connect = async (signal: AbortSignal): Promise<Current> => {
    signal.throwIfAborted();
    if (current !== undefined && isUsable(current.session)) return current;
    attempt ??= startAttempt(options, () => {
      attempt = undefined;
    });
    const session = await attempt.wait(signal);
    if (current?.session !== session) current = { session, holders: 0 };
    return current;
  };

  return {
    async hold(signal) {
      const held = await connect(signal);
      held.holders += 1;
      held.session.ref();
      const release = () => {
        held.holders -= 1;
        if (held.holders === 0) held.session.unref();
      };
      return { session: held.session, [Symbol.dispose]: release };
    },
    close() {
      current?.session.close();
      current = undefined;
    },
  };
}

function isUsable({ closed, destroyed }: ClientHttp2Session): boolean {
  return !closed && !destroyed;
}

type Attempt = { wait(signal: AbortSignal): Promise<ClientHttp2Session> };

/** One attempt for all calls that wait; the last one to leave ends it, and its fruit if that comes too late. */
function startAttempt(options: ConnectionOptions, onEnd: () => void): Attempt {
  const abandoned = new AbortController();
  const connecting = connectPatiently(options, abandoned.signal);
  let waiting = 0;
  const drop = (session: ClientHttp2Session) => {
    if (waiting === 0) session.destroy();
  };
  connecting.then(drop, () => undefined);
  return {
    async wait(signal) {
      waiting += 1;
      try {
        return await untilAborted(connecting, signal);
      } finally {
        waiting -= 1;
        if (waiting === 0) {
          abandoned.abort();
          onEnd();
        }
      }
    },
  };
}

async function connectPatiently(
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<ClientHttp2Session> {
  const deadline = performance.now() + options.patienceMs;
  let started = options.onAbsent === undefined;
  for (;;) {
    try {
      return await connectOnce(options);
    } catch (cause) {
      if (!isAbsence(cause) && !isCrowd(cause)) throw unavailable(options, cause);
      if (!started && isAbsence(cause)) {
        started = true;
        await options.onAbsent?.();
      } else if (performance.now() > deadline) {
        throw unavailable(options, cause);
      }
    }
    await sleep(RETRY_MS);
    signal.throwIfAborted();
  }
}

/** Nobody listens yet, or nobody listens any more. */
function isAbsence(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET';
}

/** More connect at this moment than the service has accepted; see connect(2) on EAGAIN for Unix sockets. */
function isCrowd(error: unknown): boolean {
  return codeOf(error) === 'EAGAIN';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

async function connectOnce(options: ConnectionOptions): Promise<ClientHttp2Session> {
  // Loading it takes 12 ms, which a command that calls no service does not spend.
  const { connect: connectHttp2 } = await import('node:http2');
  const socket = connectSocket(options.socket);
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  socket.once('error', reject);
  socket.once('connect', () => {
    const session = connectHttp2('http://localhost', {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    });
    // Errors of a session reach the calls on it; without a listener they would end the process.
    session.on('error', () => session.destroy());
    // Whoever holds it keeps the process alive, nobody else.
    session.unref();
    session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    watchSilence(session, options);
    resolve(session);
  });
  return promise;
}

/** The first thing that a service says, before any answer, is how it speaks HTTP/2. */
function watchSilence(session: ClientHttp2Session, { onSilence }: ConnectionOptions): void {
  if (onSilence === undefined) return;
  const timer = setTimeout(onSilence, SILENCE_MS).unref();
  session.once('remoteSettings', () => clearTimeout(timer));
  session.once('close', () => clearTimeout(timer));
}

function unavailable({ service, socket }: ConnectionOptions, cause: unknown): BangerError {
  const why =
    codeOf(cause) === 'EACCES'
      ? `you may not use its socket "${socket}"; join the group "banger" or run as its owner`
      : `nothing answers on "${socket}"; see: banger daemon status`;
  return new BangerError('SERVICE_UNAVAILABLE', `${service} cannot be reached: ${why}`, {
    cause,
    metadata: { service, socket },
  });
}
