import type { FileHandle } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';
import { BLOCK_BYTES } from './format.ts';
import { Writeback } from './writeback.ts';

/** Large enough that the cost of a write call vanishes; three are in use, see `StagedWriter`. */
const STAGE_BYTES = 4 * 1024 * 1024;

/** A buffer and where its parts go: each segment reaches to the next one's `from`. */
type Stage = { buffer: Buffer; filled: number; segments: Segment[] };
type Segment = { from: number; position: number };

/**
 * Gathers small pieces into large positioned writes that run beside the caller.
 * One buffer fills while another is written and a third waits: whoever is faster has no need to stop
 * at once. Order matters: stages are written one after the other, so that a block written twice
 * ends with what was given last.
 */
export class StagedWriter {
  readonly #file: FileHandle;
  readonly #writeback: Writeback;
  readonly #idle: Buffer[];
  #stage: Stage;
  #queue: Promise<void> = Promise.resolve();
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(file: FileHandle) {
    this.#file = file;
    this.#writeback = new Writeback(file);
    this.#stage = newStage(Buffer.allocUnsafeSlow(STAGE_BYTES), 0);
    this.#idle = [Buffer.allocUnsafeSlow(STAGE_BYTES), Buffer.allocUnsafeSlow(STAGE_BYTES)];
  }

  /** Where the next bytes go; must be the start of a block, and the last one must be complete. */
  seek(position: number): void {
    const { segments, filled } = this.#stage;
    if (position !== this.#position()) segments.push({ from: filled, position });
  }

  /** Returns a promise only when all buffers are full; nothing else may be called until it is settled. */
  append(bytes: Buffer): Promise<void> | undefined {
    const copied = this.#copy(bytes, 0);
    return copied === bytes.length ? undefined : this.#copyWhenIdle(bytes, copied);
  }

  /** Whole blocks at a place of their own. */
  async put(block: number, bytes: Buffer): Promise<void> {
    this.seek(block * BLOCK_BYTES);
    await this.append(bytes);
  }

  /** Continues the block begun, at most to its end. There is always room: a stage holds whole blocks. */
  appendZeros(bytes: number): void {
    const { buffer, filled } = this.#stage;
    buffer.fill(0, filled, filled + bytes);
    this.#stage.filled += bytes;
  }

  async flush(): Promise<void> {
    while (this.#stage.filled > 0 && !this.#turn()) await this.#idleBuffer();
    await this.#queue;
    await this.#settleWriteback();
    this.#throwFailure();
  }

  /** Writes nothing more; settled when nothing more is under way. */
  async abandon(): Promise<void> {
    this.#failure ??= new Error('the disk was abandoned');
    await this.#queue;
    await this.#settleWriteback();
  }

  #position(): number {
    const last = this.#stage.segments.at(-1);
    return last === undefined ? 0 : last.position + this.#stage.filled - last.from;
  }

  #copy(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#stage.filled === STAGE_BYTES && !this.#turn()) break;
      const { buffer, filled } = this.#stage;
      const end = Math.min(bytes.length, at + STAGE_BYTES - filled);
      buffer.set(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end), filled);
      this.#stage.filled += end - at;
      at = end;
    }
    return at;
  }

  async #copyWhenIdle(bytes: Buffer, from: number): Promise<void> {
    for (let at = from; at < bytes.length; at = this.#copy(bytes, at)) await this.#idleBuffer();
  }

  /** Sends the stage off and starts another; false when there is no idle buffer to start it with. */
  #turn(): boolean {
    this.#throwFailure();
    const buffer = this.#idle.pop();
    if (buffer === undefined) return false;
    const full = this.#stage;
    this.#stage = newStage(buffer, this.#position());
    this.#queue = this.#queue.then(() => this.#write(full));
    return true;
  }

  #idleBuffer(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Never rejects: a failure is kept and thrown at the next call, and nothing is written after it. */
  async #write(stage: Stage): Promise<void> {
    try {
      for (const [index, { from, position }] of stage.segments.entries()) {
        const end = stage.segments[index + 1]?.from ?? stage.filled;
        if (this.#failure === undefined) await this.#writeAll(stage.buffer, from, end, position);
      }
      this.#writeback.note(stage.filled);
    } catch (error) {
      this.#failure = error;
    }
    this.#idle.push(stage.buffer);
    this.#wake?.();
  }

  async #writeAll(buffer: Buffer, from: number, end: number, position: number): Promise<void> {
    for (let at = from; at < end; ) {
      const { bytesWritten } = await this.#file.write(buffer, at, end - at, position + at - from);
      at += bytesWritten;
    }
  }

  async #settleWriteback(): Promise<void> {
    try {
      await this.#writeback.settle();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw writeError(this.#failure);
  }
}

function newStage(buffer: Buffer, position: number): Stage {
  return { buffer, filled: 0, segments: [{ from: 0, position }] };
}

function writeError(cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return cause;
  return new BangerError('DISK_FULL', 'the host has no space left for the disk; free some', {
    cause,
  });
}
