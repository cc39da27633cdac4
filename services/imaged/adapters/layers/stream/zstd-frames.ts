import { corrupt } from '../../../domain/corrupt.ts';

/**
 * Cuts zstd data so that no chunk crosses from one frame into the next. Node's decompressor silently
 * drops what follows a frame's end within a chunk (nodejs/node issue 64741), and layers of many frames
 * exist: pzstd and zstd:chunked (podman) make them.
 */
export async function* splitZstdFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const frames = new FrameWalker();
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const end = frames.advance(chunk, start);
      yield chunk.subarray(start, end);
      start = end;
    }
  }
  if (!frames.isBetweenFrames()) throw corrupt('zstd data is cut short');
}

const HEADER_BYTES = { magic: 4, descriptor: 1, block: 3, skippable: 4 };

const ZSTD_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** Goes from header to header (RFC 8878, section 3.1), blind to what lies between. */
class FrameWalker {
  #header: keyof typeof HEADER_BYTES = 'magic';
  /** How much of the header came, and its value so far, the first byte lowest. */
  #bytes = 0;
  #value = 0;
  /** Bytes to pass over before the next header. */
  #skip = 0;
  #checksumBytes = 0;

  isBetweenFrames(): boolean {
    return this.#header === 'magic' && this.#bytes === 0 && this.#skip === 0;
  }

  /** Returns where the frame ends, or the chunk if it ends first. */
  advance(chunk: Buffer, start: number): number {
    let at = start;
    do {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
      } else {
        this.#value += (chunk[at++] as number) * 2 ** (8 * this.#bytes++);
        if (this.#bytes === HEADER_BYTES[this.#header]) this.#readHeader();
      }
    } while (at < chunk.length && !this.isBetweenFrames());
    return at;
  }

  #readHeader(): void {
    const value = this.#value;
    this.#bytes = 0;
    this.#value = 0;
    if (this.#header === 'magic') this.#readMagic(value);
    else if (this.#header === 'descriptor') this.#readDescriptor(value);
    else if (this.#header === 'block') this.#readBlock(value);
    else {
      this.#skip = value;
      this.#header = 'magic';
    }
  }

  #readMagic(magic: number): void {
    if (magic === ZSTD_MAGIC) this.#header = 'descriptor';
    else if (magic - (magic % 16) === SKIPPABLE_MAGIC) this.#header = 'skippable';
    else throw corrupt('zstd data is followed by something else');
  }

  /** Says how long the rest of the frame's header is: window, dictionary and content size. */
  #readDescriptor(descriptor: number): void {
    const singleSegment = (descriptor & 0x20) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
    const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
    this.#skip = (singleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
    this.#checksumBytes = (descriptor & 4) === 0 ? 0 : 4;
    this.#header = 'block';
  }

  #readBlock(header: number): void {
    const isLast = (header & 1) !== 0;
    const isRepeatedByte = ((header >> 1) & 3) === 1;
    this.#skip = isRepeatedByte ? 1 : header >> 3;
    if (!isLast) return;
    this.#skip += this.#checksumBytes;
    this.#header = 'magic';
  }
}
