import { type FileHandle, open } from 'node:fs/promises';
import type { ContentWriter, FileTree } from '../../domain/file-tree.ts';
import { BlockSpace } from './block-space.ts';
import { Contents } from './contents.ts';
import { type DiskOptions, type ParsedOptions, parseDiskOptions } from './disk-options.ts';
import { StagedWriter } from './staged-writer.ts';
import { type FileSystemFigures, writeFileSystem } from './write-file-system.ts';

/** Makes the file, which must not exist; nobody else may read it until its owner says so. */
export async function createDisk(path: string, options: DiskOptions): Promise<Disk> {
  const parsed = parseDiskOptions(options);
  return new Disk(await open(path, 'wx', 0o600), parsed);
}

/**
 * A new file on its way to become an ext4 file system: first contents stream in, then the finished
 * tree says what they belong to. Disposing of it closes the file, whose removal is up to its owner.
 */
export class Disk implements AsyncDisposable {
  readonly contents: ContentWriter;
  readonly #file: FileHandle;
  readonly #writer: StagedWriter;
  readonly #finish: (tree: FileTree) => Promise<FileSystemFigures>;

  constructor(file: FileHandle, options: ParsedOptions) {
    const space = new BlockSpace(options.head, options.limitBlocks);
    const writer = new StagedWriter(file);
    const contents = new Contents(space, writer);
    this.contents = contents;
    this.#file = file;
    this.#writer = writer;
    this.#finish = (tree) => writeFileSystem({ space, writer, contents, options }, tree);
  }

  /** The contents of files that are not in the tree must have been discarded before. */
  async finish(tree: FileTree): Promise<FileSystemFigures> {
    const figures = await this.#finish(tree);
    await this.#file.truncate(figures.sizeBytes);
    await this.#file.close();
    return figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.abandon();
    await this.#file.close();
  }
}
