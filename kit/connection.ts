import type { ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BangerError } from './errors.ts';

export type ConnectionOptions = {
  socket: string;
  /** Names the service in errors. */
  service: string;
  /** How long a service that is just (re)starting is waited for. */
  patienceMs: number;
  /** Called once when nothing listens; local mode starts the service here. */
  onAbsent?: () => Promise<void>;
};

/** One HTTP/2 session to a service, opened at the first call and again after the service went away. */
export type Connection = {
  /** The session, for one call; the process stays alive for a connection only while a call holds it. */
  hold(signal: AbortSignal): Promise<HeldSession>;
  close(): void;
};

export type HeldSession = { session: ClientHttp2Session } & Disposable;

const RETRY_MS = 10;
const WINDOW_BYTES = 2 ** 20;

export function openConnection(options: ConnectionOptions): Connection {
  let current: Promise<ClientHttp2Session> | undefined;
  let holders = 0;
  const connected = async (signal: AbortSignal) => {
    const known = await current?.catch(() => undefined);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    current = connectPatiently(options, signal);
    return current;
  };
  return {
    async hold(signal) {
      const session = await connected(signal);
      holders += 1;
      session.ref();
      const release = () => {
        holders -= 1;
        if (holders === 0) session.unref();
      };
      return { session, [Symbol.dispose]: release };
    },
    close() {
      void current?.then((session) => session.close()).catch(() => undefined);
      current = undefined;
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
      return await connectOnce(options.socket);
    } catch (cause) {
      if (!isAbsence(cause)) throw unavailable(options, cause);
      if (!started) {
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
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET';
}

async function connectOnce(path: string): Promise<ClientHttp2Session> {
  // Loading it takes 12 ms, which a command that calls no service does not spend.
  const { connect: connectHttp2 } = await import('node:http2');
  const socket = connectSocket(path);
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  socket.once('error', reject);
  socket.once('connect', () => {
    const session = connectHttp2('http://localhost', {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    });
    // Errors of a session reach the calls on it; without a listener they would end the process.
    session.on('error', () => session.destroy());
    session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    resolve(session);
  });
  return promise;
}

function unavailable({ service, socket }: ConnectionOptions, cause: unknown): BangerError {
  const denied = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
  const why = denied
    ? `you may not use its socket "${socket}"; join the group "banger" or run as its owner`
    : `nothing answers on "${socket}"; see: banger daemon status`;
  return new BangerError('SERVICE_UNAVAILABLE', `${service} cannot be reached: ${why}`, {
    cause,
    metadata: { service, socket },
  });
}
