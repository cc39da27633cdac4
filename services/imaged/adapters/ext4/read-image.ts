import type { FileHandle } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';
import { type ImageShape, parseSuperblock } from './read-superblock.ts';

/** Metadata that lies together is read together; that much of it is kept. */
const WINDOW_BYTES = 64 * 1024;
const MAX_WINDOWS = 64;

/**
 * Reads an image of which nothing is trusted. Everything that comes from it as a number of a block
 * or of an inode passes through here and is checked.
 */
export class ImageFile {
  readonly shape: ImageShape;
  readonly #file: FileHandle;
  readonly #windows = new Map<number, Buffer>();

  constructor(file: FileHandle, shape: ImageShape) {
    this.#file = file;
    this.shape = shape;
  }

  static async open(file: FileHandle): Promise<ImageFile> {
    const superblock = await readFully(file, 1024, 1024);
    return new ImageFile(file, parseSuperblock(superblock));
  }

  /** One block of metadata. */
  async readBlock(block: number): Promise<Buffer> {
    this.checkBlocks(block, 1);
    return this.#readWindowed(block * this.shape.blockBytes, this.shape.blockBytes);
  }

  /** The record of an inode. */
  async readInodeRecord(inode: number): Promise<Buffer> {
    const { inodes, inodesPerGroup, inodeBytes, blockBytes } = this.shape;
    if (!(inode >= 1 && inode <= inodes)) throw corrupt(`there is no inode "${inode}"`);
    const group = Math.floor((inode - 1) / inodesPerGroup);
    const at = ((inode - 1) % inodesPerGroup) * inodeBytes;
    const table = await this.#inodeTable(group);
    this.checkBlocks(table, Math.ceil((at + inodeBytes) / blockBytes));
    return this.#readWindowed(table * blockBytes + at, inodeBytes);
  }

  /** File contents, which are not kept. */
  async readData(block: number, bytes: number): Promise<Buffer> {
    this.checkBlocks(block, Math.ceil(bytes / this.shape.blockBytes));
    return readFully(this.#file, block * this.shape.blockBytes, bytes);
  }

  checkBlocks(start: number, blocks: number): void {
    const sound = start > 0 && start + blocks <= this.shape.blocks;
    if (!sound) throw corrupt(`block "${start}" and "${blocks}" from there lead out of it`);
  }

  async #inodeTable(group: number): Promise<number> {
    const { descriptorBytes, descriptorsAt, blocks, blockBytes } = this.shape;
    const at = descriptorsAt + group * descriptorBytes;
    if (at + descriptorBytes > blocks * blockBytes) throw corrupt(`there is no group "${group}"`);
    const descriptor = await this.#readWindowed(at, descriptorBytes);
    const high = descriptorBytes >= 64 ? descriptor.readUInt32LE(40) : 0;
    return high * 2 ** 32 + descriptor.readUInt32LE(8);
  }

  /** Records and blocks of metadata never cross a window: both sizes are powers of two. */
  async #readWindowed(position: number, bytes: number): Promise<Buffer> {
    const offset = position % WINDOW_BYTES;
    const start = position - offset;
    let window = this.#windows.get(start);
    if (window === undefined) {
      window = await readUpTo(this.#file, start, WINDOW_BYTES);
      const [oldest] = this.#windows.keys();
      if (this.#windows.size >= MAX_WINDOWS && oldest !== undefined) this.#windows.delete(oldest);
      this.#windows.set(start, window);
    }
    if (offset + bytes > window.length) throw corrupt('it is cut short');
    return window.subarray(offset, offset + bytes);
  }
}

export function corrupt(what: string): BangerError {
  return new BangerError('IMAGE_CORRUPT', `the image is damaged: ${what}`);
}

async function readFully(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = await readUpTo(file, position, bytes);
  if (buffer.length < bytes) throw corrupt('it is cut short');
  return buffer;
}

async function readUpTo(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
