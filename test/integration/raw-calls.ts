import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';

/** RFC 9113, CANCEL: what a client says that lost its interest. */
const CANCEL = 8;

/** HTTP/2 as a client speaks that keeps to nothing else of gRPC. */
export type RawPeer = {
  /** Opens a stream on a method. */
  open(path: string): ClientHttp2Stream;
  /** Until the service has read what was sent so far, or has ended the connection. */
  heard(): Promise<void>;
  close(): void;
};

/** A service that has heard enough may end the connection; then there is a new one. */
export function openRawPeer(socket: string): RawPeer {
  let session: ClientHttp2Session | undefined;
  const current = () => {
    if (session === undefined || session.closed || session.destroyed) session = openSession(socket);
    return session;
  };
  return {
    open(path) {
      const stream = current().request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      // How it ends is the service's affair; it is read so that it can.
      stream.on('error', () => stream.destroy());
      stream.resume();
      return stream;
    },
    heard: () => heard(current()),
    close: () => session?.destroy(),
  };
}

function openSession(path: string): ClientHttp2Session {
  const session = connect('http://localhost', { createConnection: () => connectSocket(path) });
  session.on('error', () => session.destroy());
  return session;
}

/** The answer to a ping follows what was sent before it. */
async function heard(session: ClientHttp2Session): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  session.once('close', resolve);
  session.ping(() => resolve());
  await promise;
  session.off('close', resolve);
}

/** Until the stream is over, whoever ended it. */
export async function closed(stream: ClientHttp2Stream): Promise<void> {
  if (stream.closed || stream.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('close', resolve);
  await promise;
}

export function reset(stream: ClientHttp2Stream): void {
  stream.close(CANCEL);
}

/** gRPC's prefix of a message: whether it is compressed, and its length. */
export function frame(payload: Buffer, { compressed = 0, length = payload.length } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, payload]);
}
