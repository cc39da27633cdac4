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
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const length = rest.readUInt32BE(1);
      refuse(rest[0] !== 0, 'sent a compressed message, which was not asked for');
      refuse(length > limitBytes, `sent a message of ${length} bytes; the limit is ${limitBytes}`);
      const end = HEADER_BYTES + length;
      if (rest.length < end) break;
      yield rest.subarray(HEADER_BYTES, end);
      rest = rest.subarray(end);
    }
  }
  refuse(rest.length > 0, 'ended in the middle of a message');
}

function refuse(broken: boolean, what: string): void {
  if (broken) throw new BangerError('INTERNAL', `the service ${what}`);
}
