import { BangerError } from '#kit/errors.ts';
import { backupGroups, type Head } from './block-groups.ts';
import { BLOCK_BYTES, BLOCKS_PER_GROUP, type BlockRun } from './format.ts';

/**
 * Hands out disk blocks: fresh ones at the frontier, which only moves up, or ones given back before.
 * Fresh blocks still read as zeros; given back ones hold what was written there.
 * Invariant: no block of a group's head is ever handed out.
 */
export class BlockSpace {
  readonly head: Head;
  readonly limitBlocks: number;
  /** First blocks of the backups, ascending. */
  readonly #backups: number[];
  /** Given back runs by the power of two below their length: taking one is never a search. */
  readonly #free: BlockRun[][] = [];
  #frontier: number;

  constructor(head: Head, limitBlocks: number) {
    this.head = head;
    this.limitBlocks = limitBlocks;
    const groups = Math.ceil(limitBlocks / BLOCKS_PER_GROUP);
    this.#backups = backupGroups(groups).map((group) => group * BLOCKS_PER_GROUP);
    this.#frontier = 1 + head.tableBlocks;
  }

  get frontier(): number {
    return this.#frontier;
  }

  /** The first backup at or behind a block. */
  nextHead(block: number): BlockRun | undefined {
    const start = this.#backups.find((backup) => backup >= block);
    return start === undefined ? undefined : { start, blocks: 1 + this.head.tableBlocks };
  }

  /** The fresh blocks from the frontier to the next backup; they are the caller's only once taken. */
  stretch(): BlockRun {
    let next = this.nextHead(this.#frontier);
    if (next?.start === this.#frontier) {
      this.#frontier += next.blocks;
      next = this.nextHead(this.#frontier);
    }
    const end = Math.min(next?.start ?? this.limitBlocks, this.limitBlocks);
    if (end <= this.#frontier) throw diskFull(this.limitBlocks);
    return { start: this.#frontier, blocks: end - this.#frontier };
  }

  /** Takes the fresh blocks below `block`. */
  advance(block: number): void {
    this.#frontier = block;
  }

  /** As many fresh runs as it takes. */
  takeFresh(blocks: number): BlockRun[] {
    const runs: BlockRun[] = [];
    for (let missing = blocks; missing > 0; ) {
      const { start, blocks: room } = this.stretch();
      const run = { start, blocks: Math.min(room, missing) };
      this.advance(start + run.blocks);
      runs.push(run);
      missing -= run.blocks;
    }
    return runs;
  }

  /** Adjacent fresh blocks, fewer than a group has; those before a backup that are too few are given back. */
  takeFreshRun(blocks: number): number {
    const room = this.stretch();
    if (room.blocks < blocks) {
      this.advance(room.start + room.blocks);
      this.release(room.start, room.blocks);
    }
    const { start, blocks: enough } = this.stretch();
    if (enough < blocks) throw diskFull(this.limitBlocks);
    this.advance(start + blocks);
    return start;
  }

  /** Adjacent blocks that were given back, if some drawer is sure to hold a long enough run. */
  takeFreed(blocks: number): number | undefined {
    for (let drawer = Math.ceil(Math.log2(blocks)); drawer < this.#free.length; drawer++) {
      const run = this.#free[drawer]?.pop();
      if (run === undefined) continue;
      this.release(run.start + blocks, run.blocks - blocks);
      return run.start;
    }
    return undefined;
  }

  /** One block, whatever it holds now. */
  takeBlock(): number {
    const freed = this.takeFreed(1);
    if (freed !== undefined) return freed;
    const { start } = this.stretch();
    this.advance(start + 1);
    return start;
  }

  release(start: number, blocks: number): void {
    if (blocks === 0) return;
    const drawer = Math.floor(Math.log2(blocks));
    while (this.#free.length <= drawer) this.#free.push([]);
    this.#free[drawer]?.push({ start, blocks });
  }

  /** Everything below the frontier that is free again, ascending. */
  freedRuns(): BlockRun[] {
    return this.#free.flat().sort((a, b) => a.start - b.start);
  }
}

export function diskFull(limitBlocks: number, cause?: unknown): BangerError {
  const limitBytes = limitBlocks * BLOCK_BYTES;
  return new BangerError(
    'DISK_FULL',
    `the content does not fit on a disk of "${limitBytes}" bytes; ask for a larger one`,
    { cause, metadata: { limitBytes: String(limitBytes) } },
  );
}
