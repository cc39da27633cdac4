import type { Socket } from 'node:net';
import type { Libc } from './libc.ts';

/** The process at the other end of a Unix socket, as the kernel vouches for it. */
export type Peer = { readonly uid: number; readonly gid: number; readonly pid: number };

export function readPeer(socket: Socket, libc: Libc): Peer {
  return libc.peerCredentials(descriptorOf(socket));
}

/** grpc-js hands a handler its peer as one string only, so the credentials travel in that form. */
export function formatPeer(peer: Peer): string {
  return `uid=${peer.uid},gid=${peer.gid},pid=${peer.pid}`;
}

export function parsePeer(text: string): Peer {
  const match = /^uid=(\d+),gid=(\d+),pid=(\d+)$/.exec(text);
  if (match === null) throw new Error(`not a peer: ${text}`);
  return { uid: Number(match[1]), gid: Number(match[2]), pid: Number(match[3]) };
}

/** Node keeps the descriptor on the handle; there is no public way to it. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = handle instanceof Object ? Reflect.get(handle, 'fd') : undefined;
  if (typeof fd !== 'number' || fd < 0) throw new Error('the socket has no descriptor');
  return fd;
}
