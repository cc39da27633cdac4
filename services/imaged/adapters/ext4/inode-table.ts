import { BLOCK_BYTES, INODE_BYTES, INODES_PER_BLOCK } from './format.ts';
import type { GroupPlaces } from './group-places.ts';
import type { StagedWriter } from './staged-writer.ts';

const CHUNK_INODES = 4096;

/** A zeroed record to fill in. */
export type InodeSlot = { records: Buffer; at: number };

/**
 * The records of all inodes, which pass through here in ascending order and are written on the way.
 * Only the first block stays until the end: it has the inodes of the file system itself.
 */
export class InodeTable {
  readonly #writer: StagedWriter;
  readonly #places: GroupPlaces;
  readonly #first = Buffer.alloc(BLOCK_BYTES);
  readonly #chunk = Buffer.alloc(CHUNK_INODES * INODE_BYTES);
  /** Inodes from `#from` to below `#end` have their records in the chunk. */
  #from = INODES_PER_BLOCK + 1;
  #end: number;

  constructor(writer: StagedWriter, places: GroupPlaces) {
    this.#writer = writer;
    this.#places = places;
    this.#end = this.#chunkEnd(this.#from);
  }

  async slot(inode: number): Promise<InodeSlot> {
    if (inode <= INODES_PER_BLOCK) return { records: this.#first, at: (inode - 1) * INODE_BYTES };
    if (inode >= this.#end) await this.#turn();
    return { records: this.#chunk, at: (inode - this.#from) * INODE_BYTES };
  }

  async finish(lastInode: number): Promise<void> {
    await this.#write(lastInode + 1);
    await this.#writer.put(this.#places.of(0).inodeTable, this.#first);
  }

  async #turn(): Promise<void> {
    await this.#write(this.#end);
    this.#chunk.fill(0);
    this.#from = this.#end;
    this.#end = this.#chunkEnd(this.#from);
  }

  /** Whole blocks up to the one before inode `end`. */
  async #write(end: number): Promise<void> {
    const blocks = Math.ceil((end - this.#from) / INODES_PER_BLOCK);
    if (blocks <= 0) return;
    const block = this.#blockOf(this.#from);
    await this.#writer.put(block, this.#chunk.subarray(0, blocks * BLOCK_BYTES));
  }

  /** A chunk ends with the table of its group, at the latest. */
  #chunkEnd(inode: number): number {
    const { inodesPerGroup } = this.#places;
    const left = inodesPerGroup - ((inode - 1) % inodesPerGroup);
    return inode + Math.min(left, CHUNK_INODES);
  }

  #blockOf(inode: number): number {
    const { inodesPerGroup } = this.#places;
    const index = (inode - 1) % inodesPerGroup;
    const { inodeTable } = this.#places.of((inode - 1 - index) / inodesPerGroup);
    return inodeTable + index / INODES_PER_BLOCK;
  }
}
