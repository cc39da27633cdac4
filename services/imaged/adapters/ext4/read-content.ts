import type { Content, ContentWriter } from '../../domain/file-tree.ts';
import type { ReadBudget } from './read-budget.ts';
import { readRuns } from './read-extents.ts';
import { corrupt, type ImageFile } from './read-image.ts';
import type { ImageInode } from './read-inode.ts';

const PIECE_BYTES = 1024 * 1024;

const MAX_FILE_BLOCKS = 2 ** 32;

type Piece = { block: number; bytes: number };

/** Copies a file as it is, holes and all. */
export async function copyContent(
  image: ImageFile,
  inode: ImageInode,
  contents: ContentWriter,
  budget: ReadBudget,
): Promise<Content> {
  const { sizeBytes } = inode;
  const { blockBytes } = image.shape;
  if (sizeBytes > MAX_FILE_BLOCKS * blockBytes) throw corrupt('a file is longer than any can be');
  let position = 0;
  contents.open(sizeBytes);
  for (const { fileBlock, diskBlock, blocks } of await readRuns(image, inode)) {
    const start = Math.min(fileBlock * blockBytes, sizeBytes);
    const end = Math.min((fileBlock + blocks) * blockBytes, sizeBytes);
    contents.skip(start - position);
    budget.spendBytes(end - start);
    for (const { block, bytes } of eachPiece(diskBlock, end - start, blockBytes)) {
      await contents.append(await image.readData(block, bytes));
    }
    position = end;
  }
  contents.skip(sizeBytes - position);
  return contents.close();
}

function* eachPiece(diskBlock: number, bytes: number, blockBytes: number): Generator<Piece> {
  for (let done = 0; done < bytes; done += PIECE_BYTES) {
    yield { block: diskBlock + done / blockBytes, bytes: Math.min(PIECE_BYTES, bytes - done) };
  }
}

/** The same into memory, for what is known to be small. */
export async function readContent(
  image: ImageFile,
  inode: ImageInode,
  maximumBytes: number,
): Promise<Buffer> {
  if (inode.sizeBytes > maximumBytes) {
    throw corrupt(`a file of "${inode.sizeBytes}" bytes is larger than "${maximumBytes}"`);
  }
  const { blockBytes } = image.shape;
  const content = Buffer.alloc(inode.sizeBytes);
  for (const { fileBlock, diskBlock, blocks } of await readRuns(image, inode)) {
    const start = fileBlock * blockBytes;
    const bytes = Math.min(blocks * blockBytes, content.length - start);
    if (bytes > 0) (await image.readData(diskBlock, bytes)).copy(content, start);
  }
  return content;
}
