import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { untilAborted } from '#kit/abort.ts';
import { BangerError } from '#kit/errors.ts';

export type QmpEvent = { event: string; data: Readonly<Record<string, unknown>> };

/** QEMU's control channel. One peer at a time; it ends with the process, which is how an exit is noticed. */
export type Qmp = {
  execute(command: string, signal: AbortSignal): Promise<unknown>;
  /** The newest event of a kind, if one came. */
  lastEvent(event: string): QmpEvent | undefined;
  /** Resolves when QEMU has gone or let us go. */
  readonly closed: Promise<void>;
  close(): void;
};

type Message = Readonly<Record<string, unknown>>;
type Pending = PromiseWithResolvers<unknown>;

export async function connectQmp(path: string, signal: AbortSignal): Promise<Qmp> {
  const socket = connect(path);
  await connected(socket, signal);
  const pending: Pending[] = [];
  const events = new Map<string, QmpEvent>();
  const closed = Promise.withResolvers<void>();
  socket.once('close', () => {
    closed.resolve();
    for (const waiting of pending.splice(0)) waiting.reject(gone());
  });
  readLines(socket, (line) => take(line, pending, events));
  const execute = async (command: string, limit: AbortSignal) => {
    const answer = Promise.withResolvers<unknown>();
    if (socket.destroyed) throw gone();
    pending.push(answer);
    socket.write(`${JSON.stringify({ execute: command })}\n`);
    return untilAborted(answer.promise, limit);
  };
  await execute('qmp_capabilities', signal);
  return {
    execute,
    lastEvent: (event) => events.get(event),
    closed: closed.promise,
    close: () => socket.destroy(),
  };
}

async function connected(socket: Socket, signal: AbortSignal): Promise<void> {
  try {
    await once(socket, 'connect', { signal });
    // What goes wrong later ends in `close`, which says all there is to say.
    socket.on('error', () => socket.destroy());
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** readline would throw the socket's errors, which here are the machine's ordinary end. */
function readLines(socket: Socket, onLine: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

/** Answers come in the order of the commands; events come at any time. */
function take(line: string, pending: Pending[], events: Map<string, QmpEvent>): void {
  const message: Message = JSON.parse(line);
  if (typeof message.event === 'string') {
    const data = (message.data ?? {}) as QmpEvent['data'];
    events.set(message.event, { event: message.event, data });
  } else if ('return' in message) {
    pending.shift()?.resolve(message.return);
  } else if ('error' in message) {
    pending.shift()?.reject(refused(message.error));
  }
}

function refused(error: unknown): BangerError {
  const description =
    error instanceof Object && 'desc' in error ? String(error.desc) : 'no reason given';
  return new BangerError('COMMAND_FAILED', `qemu refused: ${description}`);
}

function gone(): BangerError {
  return new BangerError('GUEST_UNREACHABLE', 'qemu has ended');
}
