import { once } from 'node:events';
import { chmodSync, chownSync, lstatSync, renameSync, rmSync, watch } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { BangerError } from './errors.ts';

/** sun_path holds 108 bytes with its end, see unix(7), and one is for the name that a socket is made under. */
const LONGEST_PATH_BYTES = 106;

export type SocketPlace = {
  path: string;
  /** Access mode, such as 0o660. */
  mode: number;
  /** Group that may connect; the process's own when absent. */
  gid?: number;
  /** The socket as systemd opened it, with its own mode and group. */
  handed?: number | undefined;
};

export type Listener = {
  /** Takes no new connections; fulfilled when the last one has ended. A socket of our own is removed. */
  close(): Promise<void>;
};

export type SocketEvents = {
  onConnection(socket: Socket): void;
  /** Somebody removed the socket, and it was made again; or that, or watching over it, failed. */
  onRemoved?(error?: unknown): void;
};

/**
 * Listens on a Unix socket that has its final mode and group from the moment that it has its name: whoever finds
 * it may use it, and until then it is nobody's. The caller holds the service's lock, so a socket that lies there
 * already belongs to a dead process and is replaced. One that somebody removes is made again: while this process
 * holds the lock, no other one could serve.
 */
export async function listenOnSocket(place: SocketPlace, events: SocketEvents): Promise<Listener> {
  const server = createServer(events.onConnection);
  if (place.handed === undefined) return listenAt(server, place, events);
  const listening = once(server, 'listening');
  server.listen({ fd: place.handed });
  await listening;
  return { close: () => close(server) };
}

async function listenAt(
  first: Server,
  place: SocketPlace,
  { onConnection, onRemoved = () => undefined }: SocketEvents,
): Promise<Listener> {
  let server = first;
  const ending: Promise<void>[] = [];
  await bind(server, place);
  const restore = async () => {
    const next = createServer(onConnection);
    await bind(next, place);
    // Who is connected already stays; nobody finds the way to this one any more.
    ending.push(close(server));
    server = next;
    onRemoved();
  };
  const watched = watchOver(place.path, restore, onRemoved);
  return {
    async close() {
      await watched.end();
      // Node would remove the name that it was bound to, which it has not kept.
      rmSync(place.path, { force: true });
      await Promise.all([...ending, close(server)]);
    },
  };
}

async function bind(server: Server, { path, mode, gid }: SocketPlace): Promise<void> {
  refuseLongPath(path);
  refuseOther(path);
  const unnamed = join(dirname(path), `.${basename(path)}`);
  rmSync(unnamed, { force: true });
  await bindForNobody(server, unnamed);
  try {
    if (gid !== undefined) chownSync(unnamed, -1 >>> 0, gid);
    chmodSync(unnamed, mode);
    renameSync(unnamed, path);
  } catch (error) {
    server.close();
    throw error;
  }
}

/** Calls back, once at a time, whenever the name is gone. */
function watchOver(path: string, restore: () => Promise<void>, onFailed: (error: unknown) => void) {
  let running: Promise<void> | undefined;
  const isGone = () => lstatSync(path, { throwIfNoEntry: false }) === undefined;
  const look = () => {
    if (running !== undefined || !isGone()) return;
    running = restore()
      .catch(onFailed)
      .finally(() => {
        running = undefined;
      });
  };
  try {
    const watcher = watch(dirname(path), { persistent: false }, look);
    watcher.on('error', onFailed);
    return {
      async end() {
        watcher.close();
        await running;
      },
    };
  } catch (error) {
    // The host allows a user so many watches and no more; the service serves without.
    onFailed(error);
    return { end: async () => undefined };
  }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
}

/** `listen` binds synchronously, so the umask covers the bind and nothing else. */
async function bindForNobody(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening');
  const before = process.umask(0o777);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
}

function refuseLongPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= LONGEST_PATH_BYTES) return;
  throw new BangerError(
    'HOST_NOT_READY',
    `socket path "${path}" has ${bytes} bytes and may have ${LONGEST_PATH_BYTES}; choose a shorter runtime folder with XDG_RUNTIME_DIR`,
    { metadata: { path } },
  );
}

function refuseOther(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isSocket()) return;
  throw new BangerError('HOST_NOT_READY', `"${path}" is in the way and is not a socket; remove it`);
}
