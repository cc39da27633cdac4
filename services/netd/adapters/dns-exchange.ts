import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import type { Upstream } from './upstream.ts';

/** One question over UDP. Answers the first datagram from that server that is accepted. */
export async function exchangeUdp(
  { address, port }: Upstream,
  query: Buffer,
  accepts: (answer: Buffer) => boolean,
  signal: AbortSignal,
): Promise<Buffer> {
  // A socket of its own gives every question a source port that cannot be guessed.
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  socket.on('error', reject);
  socket.on('message', (answer) => {
    if (accepts(answer)) resolve(answer);
  });
  socket.once('connect', () => socket.send(query));
  socket.connect(port, address);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.close();
  }
}

/** One question over TCP, on a connection of its own. */
export async function exchangeTcp(
  { address, port }: Upstream,
  query: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  const socket = connect({ port, host: address });
  const abort = () => socket.destroy(new Error('no answer in time', { cause: signal.reason }));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await once(socket, 'connect');
    socket.write(frame(query));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      const answer = unframe(received);
      if (answer !== undefined) return answer;
    }
    throw new Error(`${address} closed the connection`);
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** RFC 1035 section 4.2.2: over TCP a message comes after its length. */
export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The first message, when all of it is there. */
export function unframe(received: Buffer): Buffer | undefined {
  if (received.length < 2) return undefined;
  const end = 2 + received.readUInt16BE(0);
  return received.length < end ? undefined : received.subarray(2, end);
}
