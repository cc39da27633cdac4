import { BangerError } from '#kit/errors.ts';

/** Bytes of a stream in the amounts that are asked for; a stream that ends too early is an error. */
export type ByteReader = {
  take(length: number): Promise<Buffer>;
  /** At least one byte, and at most so many. */
  takeSome(most: number): Promise<Buffer>;
  skip(length: number): Promise<void>;
};

export function createByteReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const source = chunks[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  const takeSome = async (most: number) => {
    while (rest.length === 0) {
      const next = await source.next();
      if (next.done === true) throw damaged('it ends too early');
      const { buffer, byteOffset, byteLength } = next.value;
      rest = Buffer.from(buffer, byteOffset, byteLength);
    }
    const piece = rest.subarray(0, most);
    rest = rest.subarray(piece.length);
    return piece;
  };
  return {
    takeSome,
    async take(length) {
      const pieces: Buffer[] = [];
      for (let left = length; left > 0; ) {
        const piece = await takeSome(left);
        left -= piece.length;
        pieces.push(piece);
      }
      return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
    },
    async skip(length) {
      for (let left = length; left > 0; ) left -= (await takeSome(left)).length;
    },
  };
}

export function damaged(what: string): BangerError {
  return new BangerError('OPERATION_REFUSED', `the archive from the guest is damaged: ${what}`);
}
