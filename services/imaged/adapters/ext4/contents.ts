import { BangerError } from '#kit/errors.ts';
import type { Content, ContentRun, ContentWriter } from '../../domain/file-tree.ts';
import type { BlockSpace } from './block-space.ts';
import { BLOCK_BYTES } from './format.ts';
import type { StagedWriter } from './staged-writer.ts';

const ZEROS = Buffer.alloc(BLOCK_BYTES);
const NOTHING: Content = { sizeBytes: 0, runs: [] };

/** ext4 numbers a file's blocks with 32 bits. */
const MAX_FILE_BYTES = (2 ** 32 - 1) * BLOCK_BYTES;

/**
 * Runs stay in memory until the disk is finished, some 60 bytes each. Every file may have one; those
 * beyond, of which only holes make many, are counted.
 */
const MAX_EXTRA_RUNS = 1_000_000;

/**
 * Writes file contents to the disk as they come: at the frontier, or where a replaced file was.
 * Positions are in bytes: `#position` within the open file, `#at` and `#stretchEnd` on the disk.
 */
export class Contents implements ContentWriter {
  readonly #space: BlockSpace;
  readonly #writer: StagedWriter;
  #sizeBytes = 0;
  #position = 0;
  /** Adjacent blocks at hand; the next byte of the open run goes to `#at`. */
  #at = 0;
  #stretchEnd = 0;
  /** Whether they once held another file; then all that this one can need are at hand. */
  #reused = false;
  #run: { fileBlock: number; diskBlock: number } | undefined;
  #runs: ContentRun[] = [];
  #extraRuns = 0;

  constructor(space: BlockSpace, writer: StagedWriter) {
    this.#space = space;
    this.#writer = writer;
  }

  open(sizeBytes: number): void {
    if (!(sizeBytes >= 0 && sizeBytes <= MAX_FILE_BYTES)) {
      throw new BangerError('FEATURE_UNSUPPORTED', `ext4 holds no file of "${sizeBytes}" bytes`);
    }
    const blocks = Math.ceil(sizeBytes / BLOCK_BYTES);
    const freed = blocks === 0 ? undefined : this.#space.takeFreed(blocks);
    this.#sizeBytes = sizeBytes;
    this.#position = 0;
    this.#runs = [];
    this.#reused = freed !== undefined;
    this.#at = (freed ?? 0) * BLOCK_BYTES;
    this.#stretchEnd = freed === undefined ? 0 : this.#at + blocks * BLOCK_BYTES;
  }

  append(chunk: Buffer): Promise<void> | undefined {
    this.#expect(chunk.length);
    if (chunk.length === 0) return undefined;
    if (this.#run === undefined && this.#position % BLOCK_BYTES === 0) this.#startRun();
    const fits = this.#run !== undefined && chunk.length <= this.#stretchEnd - this.#at;
    return fits ? this.#put(chunk) : this.#putInPieces(chunk);
  }

  skip(bytes: number): void {
    this.#expect(bytes);
    // Only whole blocks become a hole: the one begun goes on with zeros.
    const inBlock = this.#run === undefined ? 0 : Math.min(bytes, toBlockEnd(this.#at));
    if (inBlock > 0) this.#putZeros(inBlock);
    if (inBlock < bytes) this.#endRun();
    this.#position += bytes - inBlock;
  }

  close(): Content {
    if (this.#position !== this.#sizeBytes) throw wrongSize(this.#sizeBytes, this.#position);
    if (this.#run !== undefined) {
      this.#putZeros(toBlockEnd(this.#at));
      this.#endRun();
    }
    if (this.#reused) {
      this.#space.release(this.#at / BLOCK_BYTES, (this.#stretchEnd - this.#at) / BLOCK_BYTES);
    }
    if (this.#sizeBytes === 0) return NOTHING;
    // A copy has no spare room, which for most files would be larger than all the rest of them.
    return { sizeBytes: this.#sizeBytes, runs: this.#runs.slice() };
  }

  discard(content: Content): void {
    for (const { diskBlock, blocks } of content.runs) this.#space.release(diskBlock, blocks);
    this.#extraRuns -= Math.max(0, content.runs.length - 1);
  }

  /** A whole file at once, for the folders and links that are laid out after all contents. */
  async store(sizeBytes: number, chunks: Iterable<Buffer>): Promise<Content> {
    this.open(sizeBytes);
    for (const chunk of chunks) await this.append(chunk);
    return this.close();
  }

  /** One block of metadata; `encode` learns its number first, because some checksums cover it. */
  async storeBlock(encode: (block: number) => Buffer): Promise<number> {
    const block = this.#space.takeBlock();
    await this.#writer.put(block, encode(block));
    return block;
  }

  #expect(bytes: number): void {
    const end = this.#position + bytes;
    if (!(bytes >= 0 && end <= this.#sizeBytes)) throw wrongSize(this.#sizeBytes, end);
  }

  #put(bytes: Buffer): Promise<void> | undefined {
    this.#at += bytes.length;
    this.#position += bytes.length;
    return this.#writer.append(bytes);
  }

  async #putInPieces(chunk: Buffer): Promise<void> {
    if (this.#run === undefined) {
      const hole = this.#position % BLOCK_BYTES;
      this.#position -= hole;
      this.#startRun();
      await this.#put(ZEROS.subarray(0, hole));
    }
    for (let rest = chunk; rest.length > 0; ) {
      if (this.#at === this.#stretchEnd) {
        this.#endRun();
        this.#startRun();
      }
      const piece = rest.subarray(0, this.#stretchEnd - this.#at);
      await this.#put(piece);
      rest = rest.subarray(piece.length);
    }
  }

  #putZeros(bytes: number): void {
    this.#at += bytes;
    this.#position += bytes;
    this.#writer.appendZeros(bytes);
  }

  #startRun(): void {
    if (this.#at === this.#stretchEnd) {
      const { start, blocks } = this.#space.stretch();
      this.#at = start * BLOCK_BYTES;
      this.#stretchEnd = this.#at + blocks * BLOCK_BYTES;
    }
    this.#writer.seek(this.#at);
    this.#run = {
      fileBlock: this.#position / BLOCK_BYTES,
      diskBlock: this.#at / BLOCK_BYTES,
    };
  }

  /** The last block must be complete. */
  #endRun(): void {
    if (this.#run === undefined) return;
    const end = this.#at / BLOCK_BYTES;
    if (!this.#reused) this.#space.advance(end);
    this.#addRun({ ...this.#run, blocks: end - this.#run.diskBlock });
    this.#run = undefined;
  }

  #addRun(run: ContentRun): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && continues(last, run)) {
      this.#runs[this.#runs.length - 1] = { ...last, blocks: last.blocks + run.blocks };
      return;
    }
    if (last !== undefined && ++this.#extraRuns > MAX_EXTRA_RUNS) {
      throw new BangerError('FEATURE_UNSUPPORTED', 'sparse files are split into too many pieces');
    }
    this.#runs.push(run);
  }
}

function continues(last: ContentRun, run: ContentRun): boolean {
  return (
    last.fileBlock + last.blocks === run.fileBlock && last.diskBlock + last.blocks === run.diskBlock
  );
}

function toBlockEnd(position: number): number {
  return (BLOCK_BYTES - (position % BLOCK_BYTES)) % BLOCK_BYTES;
}

function wrongSize(sizeBytes: number, position: number): BangerError {
  return new BangerError(
    'INTERNAL',
    `a file announced with "${sizeBytes}" bytes has "${position}"`,
  );
}
