import { createServer } from 'node:net';
import { CHUNK_BYTES, CHUNKS } from '../chunks.ts';

/** What a stream is without gRPC: every connection to the Unix socket is sent all chunks, then ended. */
const [socket] = process.argv.slice(2);
const chunk = Buffer.alloc(CHUNK_BYTES);

createServer((peer) => {
  let left = CHUNKS;
  const send = () => {
    while (left > 0) {
      left -= 1;
      if (!peer.write(chunk)) return;
    }
    peer.end();
  };
  peer.on('drain', send);
  // Whoever only looks whether this listens leaves in the middle.
  peer.on('error', () => peer.destroy());
  send();
}).listen(socket);
process.once('SIGTERM', () => process.exit(0));
