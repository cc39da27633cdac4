import type { FileHandle } from 'node:fs/promises';

/** Often enough that a disk is never far behind, seldom enough that its own journal costs nothing. */
const STEP_BYTES = 64 * 1024 * 1024;

/**
 * Has the kernel bring to the disk what was written so far, beside the writing of more: the sync that every
 * new image needs before it is published then finds little left to wait for.
 */
export class Writeback {
  readonly #file: Pick<FileHandle, 'datasync'>;
  #bytes = 0;
  #syncing: Promise<void> | undefined;
  #failure: unknown;

  constructor(file: Pick<FileHandle, 'datasync'>) {
    this.#file = file;
  }

  /** Never waits. The kernel tells of a failed write once, so one that a sync met is thrown here, or by `settle`. */
  note(bytes: number): void {
    this.#throwFailure();
    this.#bytes += bytes;
    if (this.#bytes < STEP_BYTES || this.#syncing !== undefined) return;
    this.#bytes = 0;
    this.#syncing = this.#sync();
  }

  /** Settled when no sync is under way. */
  async settle(): Promise<void> {
    await this.#syncing;
    this.#throwFailure();
  }

  async #sync(): Promise<void> {
    try {
      await this.#file.datasync();
    } catch (error) {
      this.#failure = error;
    }
    this.#syncing = undefined;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
