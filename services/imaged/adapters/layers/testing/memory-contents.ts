import assert from 'node:assert/strict';
import type { Content, ContentWriter } from '../../../domain/file-tree.ts';

type Piece = Buffer | { readonly hole: number };

/**
 * Keeps contents in memory, and fails the test when the merger breaks the protocol: one file open at
 * a time, exactly the bytes that were announced, and nothing discarded twice.
 */
export class MemoryContents implements ContentWriter {
  readonly #live = new Map<Content, readonly Piece[]>();
  #open: { sizeBytes: number; written: number; pieces: Piece[] } | undefined;
  #appends = 0;

  open(sizeBytes: number): void {
    assert.equal(this.#open, undefined, 'a file was opened while another was open');
    assert.ok(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0, `size ${sizeBytes}`);
    this.#open = { sizeBytes, written: 0, pieces: [] };
  }

  /** Makes the caller wait now and then, and copies late to catch one who does not. */
  append(chunk: Buffer): Promise<void> | undefined {
    assert.ok(chunk.length > 0, 'an empty chunk was appended');
    if (++this.#appends % 3 !== 0) {
      this.#add(chunk.length, Buffer.from(chunk));
      return undefined;
    }
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          this.#add(chunk.length, Buffer.from(chunk));
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  skip(bytes: number): void {
    assert.ok(bytes > 0, 'an empty hole was skipped');
    this.#add(bytes, { hole: bytes });
  }

  close(): Content {
    const open = this.#getOpen();
    assert.equal(open.written, open.sizeBytes, 'a file was closed before its end');
    const content: Content = { sizeBytes: open.sizeBytes, runs: [] };
    this.#live.set(content, open.pieces);
    this.#open = undefined;
    return content;
  }

  discard(content: Content): void {
    assert.equal(this.#open, undefined, 'a file was discarded while another was open');
    assert.ok(this.#live.delete(content), 'contents were discarded twice, or never written');
  }

  /** What is written and not discarded; after a merge, exactly what the tree's files refer to. */
  live(): ReadonlySet<Content> {
    return new Set(this.#live.keys());
  }

  read(content: Content): Buffer {
    const pieces = this.#live.get(content);
    assert.ok(pieces, 'contents were read that are not there');
    return Buffer.concat(
      pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : Buffer.alloc(piece.hole))),
    );
  }

  #add(bytes: number, piece: Piece): void {
    const open = this.#getOpen();
    open.written += bytes;
    assert.ok(open.written <= open.sizeBytes, 'a file got more than its size');
    open.pieces.push(piece);
  }

  #getOpen() {
    assert.ok(this.#open, 'contents came while no file was open');
    return this.#open;
  }
}
