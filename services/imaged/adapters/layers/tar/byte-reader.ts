import { corrupt } from '../../../domain/corrupt.ts';

export type ByteSource = {
  /** The next bytes, good until the next call; undefined at the end. */
  read(): Promise<Buffer | undefined>;
  /** Passes over bytes without reading them. Absent where the source cannot seek. */
  skip?(bytes: number): void;
};

const EMPTY = Buffer.alloc(0);

/**
 * Cuts a stream of big chunks into the pieces a parser wants, without copying. What lies whole in the
 * current chunk comes at once (`take`); only a piece that crosses into the next chunk needs a wait.
 * A piece is good until the next wait: with the next chunk, the memory of this one may be gone.
 */
export class ByteReader {
  /** Offset in the stream of the next byte to be taken. */
  position = 0;
  readonly #source: ByteSource;
  #chunk: Buffer = EMPTY;
  #start = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The next `bytes` if the current chunk holds them all. */
  take(bytes: number): Buffer | undefined {
    if (this.#chunk.length - this.#start < bytes) return undefined;
    return this.#advance(bytes);
  }

  /** At most `bytes` of the current chunk; undefined when it is used up and `fill` is needed. */
  takeSome(bytes: number): Buffer | undefined {
    const here = this.#chunk.length - this.#start;
    return here === 0 ? undefined : this.#advance(Math.min(here, bytes));
  }

  /** Fetches the next chunk once the current one is used up; false at the end of the stream. */
  async fill(): Promise<boolean> {
    const chunk = await this.#source.read();
    if (chunk === undefined) return false;
    this.#chunk = chunk;
    this.#start = 0;
    return true;
  }

  /** The next `bytes`, copied from as many chunks as it takes; undefined if the stream ended before the first. */
  async gather(bytes: number): Promise<Buffer | undefined> {
    const gathered = Buffer.allocUnsafe(bytes);
    for (let at = 0; at < bytes; ) {
      const part = this.takeSome(bytes - at);
      if (part !== undefined) {
        at += part.copy(gathered, at);
      } else if (!(await this.fill())) {
        if (at === 0) return undefined;
        throw this.cutShort();
      }
    }
    return gathered;
  }

  /** Passes over `bytes`, which must be there. */
  async skip(bytes: number): Promise<void> {
    let left = bytes - (this.takeSome(bytes)?.length ?? 0);
    if (left > 0 && this.#source.skip !== undefined) {
      this.#source.skip(left);
      this.position += left;
      return;
    }
    while (left > 0) {
      if (!(await this.fill())) throw this.cutShort();
      left -= this.takeSome(left)?.length ?? 0;
    }
  }

  cutShort(): Error {
    return corrupt(`archive is cut short at byte ${this.position}`);
  }

  #advance(bytes: number): Buffer {
    const start = this.#start;
    this.#start += bytes;
    this.position += bytes;
    return this.#chunk.subarray(start, this.#start);
  }
}
