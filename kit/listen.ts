import { once } from 'node:events';
import { chmodSync, chownSync, lstatSync, renameSync, rmSync } from 'node:fs';
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

/**
 * Listens on a Unix socket that has its final mode and group from the moment that it has its name: whoever finds
 * it may use it, and until then it is nobody's. The caller holds the service's lock, so a socket that lies there
 * already belongs to a dead process and is replaced.
 */
export async function listenOnSocket(
  place: SocketPlace,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  const server = createServer(onConnection);
  if (place.handed === undefined) return listenAt(server, place);
  const listening = once(server, 'listening');
  server.listen({ fd: place.handed });
  await listening;
  return { close: () => close(server) };
}

async function listenAt(server: Server, { path, mode, gid }: SocketPlace): Promise<Listener> {
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
  return {
    close() {
      // Node would remove the name that it was bound to, which it has not kept.
      rmSync(path, { force: true });
      return close(server);
    },
  };
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
