import { Readable } from 'node:stream';
import { corrupt } from '../../../domain/corrupt.ts';
import type { LayerSource } from '../layer-source.ts';
import type { Limits } from '../limits.ts';
import { DigestCheck } from './digest.ts';

/** Bytes of all layers of an image so far. */
export type Totals = { compressedBytes: number; expandedBytes: number };

export type Bounds = {
  readonly limits: Limits;
  readonly totals: Totals;
};

/** The bytes of one layer as they are stored, bounded and verified while they pass. */
export class StoredBytes {
  bytes = 0;
  readonly #source: LayerSource;
  readonly #bounds: Bounds;
  readonly #input: Readable;
  readonly #digest: DigestCheck | undefined;
  #ended = false;

  constructor(source: LayerSource, bounds: Bounds) {
    this.#source = source;
    this.#bounds = bounds;
    const { digest, digestVerified } = source;
    this.#digest = digest === undefined || digestVerified ? undefined : new DigestCheck(digest);
    const opened = source.open();
    this.#input = opened instanceof Readable ? opened : Readable.from(opened);
  }

  async *chunks(): AsyncGenerator<Buffer> {
    const { limits, totals } = this.#bounds;
    const largest = this.#source.sizeBytes ?? Number.POSITIVE_INFINITY;
    for await (const chunk of this.#input as AsyncIterable<Buffer>) {
      this.bytes += chunk.length;
      totals.compressedBytes += chunk.length;
      if (this.bytes > largest) throw corrupt(`has more than the ${largest} bytes it should have`);
      if (totals.compressedBytes > limits.compressedBytes) {
        throw corrupt(`image has more than ${limits.compressedBytes} bytes`);
      }
      this.#digest?.update(chunk);
      yield chunk;
    }
    this.#ended = true;
  }

  /** To be called when no more is wanted; whatever was not read by then does not belong to the layer. */
  verify(): void {
    if (!this.#ended) throw corrupt('compressed data is followed by something else');
    const expected = this.#source.sizeBytes ?? this.bytes;
    if (this.bytes < expected) {
      throw corrupt(`is cut short: ${this.bytes} bytes instead of ${expected}`);
    }
    this.#digest?.verify('layer');
  }

  destroy(): void {
    this.#input.destroy();
  }
}
