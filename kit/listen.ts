import { once } from 'node:events';
import { chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { BangerError } from './errors.ts';

/** sun_path holds 108 bytes with its end; see unix(7). */
const LONGEST_PATH_BYTES = 107;

export type SocketPlace = {
  path: string;
  /** Access mode, such as 0o660. */
  mode: number;
  /** Group that may connect; the process's own when absent. */
  gid?: number;
  /** The socket as systemd opened it, with its own mode and group. */
  handed?: number | undefined;
};

/**
 * Listens on a Unix socket that has its final mode from the first moment. The caller holds the service's
 * lock, so a socket file that lies there already belongs to a dead process and is removed.
 */
export async function listenOnSocket(
  place: SocketPlace,
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  const server = createServer(onConnection);
  const listening = once(server, 'listening');
  if (place.handed !== undefined) {
    server.listen({ fd: place.handed });
    await listening;
    return server;
  }
  refuseLongPath(place.path);
  removeStaleSocket(place.path);
  bindWithMode(server, place);
  await listening;
  openToGroup(place);
  return server;
}

/** `listen` binds synchronously, so the umask covers the bind and nothing else. */
function bindWithMode(server: Server, { path, mode, gid }: SocketPlace): void {
  const before = process.umask(0o777 & ~(gid === undefined ? mode : mode & 0o700));
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
}

/** Only when the group is the right one does it get its share of the mode. */
function openToGroup({ path, mode, gid }: SocketPlace): void {
  if (gid === undefined) return;
  chownSync(path, -1 >>> 0, gid);
  chmodSync(path, mode);
}

function refuseLongPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= LONGEST_PATH_BYTES) return;
  throw new BangerError(
    'HOST_NOT_READY',
    `socket path "${path}" has ${bytes} bytes and Linux allows ${LONGEST_PATH_BYTES}; choose a shorter runtime folder with XDG_RUNTIME_DIR`,
    { metadata: { path } },
  );
}

function removeStaleSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new BangerError(
      'HOST_NOT_READY',
      `"${path}" is in the way and is not a socket; remove it`,
    );
  }
  unlinkSync(path);
}
