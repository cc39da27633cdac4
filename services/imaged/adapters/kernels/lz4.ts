import { formatSize } from '#kit/size.ts';
import { corrupt } from '../../domain/corrupt.ts';

export const LZ4_LEGACY_MAGIC = 0x184c2102;

/** Each block of the legacy format expands to this much, the last one to what is left. */
const BLOCK_BYTES = 8 * 2 ** 20;

/**
 * Decompresses the LZ4 legacy stream that Linux packs its kernel into: a magic number, then blocks, each behind its
 * compressed length (lz4's lz4_Frame_format.md, "Legacy frame"). Node knows no LZ4.
 */
export function unpackLz4Legacy(input: Buffer, limitBytes: number): Buffer {
  const parts: Buffer[] = [];
  let at = 4;
  while (at + 4 <= input.length) {
    const length = input.readUInt32LE(at);
    // The kernel's build appends the unpacked size to the stream; it is no block.
    if (at + 4 + length > input.length) break;
    if (parts.some((part) => part.length < BLOCK_BYTES)) throw damaged();
    if (parts.length * BLOCK_BYTES >= limitBytes) {
      throw corrupt(`expands to more than ${formatSize(limitBytes)}`);
    }
    parts.push(unpackBlock(input.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(parts);
}

function unpackBlock(input: Buffer): Buffer {
  const output = Buffer.allocUnsafe(BLOCK_BYTES);
  let from = 0;
  let to = 0;
  while (from < input.length) {
    const token = byteAt(input, from++);
    let literals = token >> 4;
    if (literals === 15) ({ length: literals, from } = extendLength(input, literals, from));
    if (to + literals > BLOCK_BYTES) throw damaged();
    input.copy(output, to, from, from + literals);
    from += literals;
    to += literals;
    if (from >= input.length) break;
    const distance = byteAt(input, from) | (byteAt(input, from + 1) << 8);
    from += 2;
    let length = token & 15;
    if (length === 15) ({ length, from } = extendLength(input, length, from));
    to = copyMatch(output, to, distance, length + 4);
  }
  return output.subarray(0, to);
}

function extendLength(input: Buffer, start: number, at: number): { length: number; from: number } {
  let length = start;
  let from = at;
  let byte: number;
  do {
    byte = byteAt(input, from++);
    length += byte;
  } while (byte === 255);
  return { length, from };
}

/** A match may overlap what it produces, which is how runs are written; then it is copied piece by piece. */
function copyMatch(output: Buffer, at: number, distance: number, length: number): number {
  if (distance === 0 || distance > at || at + length > BLOCK_BYTES) throw damaged();
  let done = 0;
  while (done < length) {
    const piece = Math.min(distance + done, length - done);
    output.copyWithin(at + done, at - distance, at - distance + piece);
    done += piece;
  }
  return at + length;
}

function byteAt(input: Buffer, index: number): number {
  const byte = input[index];
  if (byte === undefined) throw damaged();
  return byte;
}

function damaged(): Error {
  return corrupt('its payload is damaged');
}
