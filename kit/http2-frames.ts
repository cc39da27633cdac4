import { BangerError } from './errors.ts';

/** A gRPC message on the wire: one byte of flags, four of length, then the message. */
const HEADER_BYTES = 5;

export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, HEADER_BYTES);
  return frame;
}

/** Cuts a byte stream into messages, whatever pieces it arrives in. */
export async function* readMessages(
  chunks: AsyncIterable<Buffer>,
  limitBytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = [];
  let heldBytes = 0;
  // Pieces are joined once there are enough: a 64 KiB message comes in five, and would be copied with each.
  let wantedBytes = HEADER_BYTES;
  for await (const chunk of chunks) {
    parts.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < wantedBytes) continue;
    let rest = parts.length === 1 ? chunk : Buffer.concat(parts, heldBytes);
    for (;;) {
      wantedBytes = HEADER_BYTES;
      if (rest.length < HEADER_BYTES) break;
      wantedBytes += readLength(rest, limitBytes);
      if (rest.length < wantedBytes) break;
      yield rest.subarray(HEADER_BYTES, wantedBytes);
      rest = rest.subarray(wantedBytes);
    }
    parts = rest.length === 0 ? [] : [rest];
    heldBytes = rest.length;
  }
  refuse(heldBytes > 0, 'ended in the middle of a message');
}

function readLength(frame: Buffer, limitBytes: number): number {
  const length = frame.readUInt32BE(1);
  refuse(frame[0] !== 0, 'sent a compressed message, which was not asked for');
  refuse(length > limitBytes, `sent a message of ${length} bytes; the limit is ${limitBytes}`);
  return length;
}

function refuse(broken: boolean, what: string): void {
  if (broken) throw new BangerError('INTERNAL', `the service ${what}`);
}
