import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** docs/guest-protocol.md, section 2. */
const FILLER_BYTES = 65_552;
const HELLO = Buffer.from('9342414e4745520a', 'hex');
const WELCOME = Buffer.from('9362616e6765720a', 'hex');
const VERSION = 1;
const LIMIT_MS = 120_000;
const LOOK_MS = 2;

/** Says hello over a guest's channel as soon as there is one; answers when the guest has welcomed it. */
export async function greetGuest(socketPath: string): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    if (await greetOnce(socketPath, deadline)) return;
    await sleep(LOOK_MS);
  }
  throw new Error('the guest never answered');
}

/** QEMU may not listen yet. */
function greetOnce(socketPath: string, deadline: number): Promise<boolean> {
  const nonce = randomBytes(16);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(socketPath);
  const timer = setTimeout(() => socket.destroy(), deadline - performance.now());
  let seen = Buffer.alloc(0);
  socket.on('connect', () => socket.write(hello(nonce)));
  socket.on('data', (chunk) => {
    seen = Buffer.concat([seen, chunk]);
    const at = seen.indexOf(WELCOME);
    if (at < 0 || !seen.subarray(at).includes(nonce)) return;
    resolve(true);
    socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(timer);
    resolve(false);
  });
  return promise;
}

function hello(nonce: Buffer): Buffer {
  const head = Buffer.alloc(16);
  HELLO.copy(head);
  head.writeUInt16LE(VERSION, 8);
  head.writeUInt16LE(VERSION, 10);
  head.writeUInt32LE(1, 12);
  return Buffer.concat([Buffer.alloc(FILLER_BYTES), head, nonce]);
}
