import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { ByteReader } from './layers/tar/byte-reader.ts';
import { BLOCK, isZero, parseTarHeader } from './layers/tar/tar-header.ts';

/** Reads a bundle's members, in the one order they may have. Whatever is different is refused. */
export class BundleReader {
  readonly #reader: ByteReader;

  constructor(chunks: AsyncIterable<Buffer>) {
    const iterator = chunks[Symbol.asyncIterator]();
    this.#reader = new ByteReader({
      read: async () => {
        const { done, value } = await iterator.next();
        return done === true ? undefined : value;
      },
    });
  }

  /** A small member as a whole. */
  async readMember(name: string, limitBytes: number): Promise<Buffer> {
    const sizeBytes = await this.#begin(name);
    if (sizeBytes > limitBytes) {
      throw damaged(`"${name}" has ${sizeBytes} bytes; more than ${limitBytes} are not accepted`);
    }
    const content = sizeBytes === 0 ? Buffer.alloc(0) : await this.#gather(sizeBytes);
    await this.#pass(sizeBytes);
    return content;
  }

  /** A large member, which must have exactly the announced size. */
  async *streamMember(name: string, announcedBytes: number): AsyncGenerator<Buffer> {
    const sizeBytes = await this.#begin(name);
    if (sizeBytes !== announcedBytes) {
      throw damaged(`"${name}" has ${sizeBytes} bytes, and ${announcedBytes} by the manifest`);
    }
    for (let left = sizeBytes; left > 0; ) {
      const piece = this.#reader.takeSome(left);
      if (piece !== undefined) {
        left -= piece.length;
        yield piece;
      } else if (!(await this.#reader.fill())) {
        throw damaged(`it ends within "${name}"`);
      }
    }
    await this.#pass(sizeBytes);
  }

  /** Nothing but zeros may follow. */
  async end(): Promise<void> {
    do {
      const rest = this.#reader.takeSome(Number.POSITIVE_INFINITY);
      if (rest !== undefined && !isZero(rest)) throw damaged('something follows its disk');
    } while (await this.#reader.fill());
  }

  async #begin(name: string): Promise<number> {
    const header = parseTarHeader(await this.#gather(BLOCK));
    if (header.type === '0' && header.path === name) return header.sizeBytes;
    throw damaged(`it has "${printableName(header.path)}" where "${name}" should be`);
  }

  async #pass(sizeBytes: number): Promise<void> {
    const padding = -sizeBytes & (BLOCK - 1);
    if (padding > 0) await this.#gather(padding);
  }

  async #gather(bytes: number): Promise<Buffer> {
    const found = await this.#reader.gather(bytes);
    if (found !== undefined) return found;
    throw damaged('it is cut short');
  }
}

function damaged(why: string): BangerError {
  return new BangerError('IMAGE_CORRUPT', `the bundle is damaged: ${why}`);
}
