import { backupGroups } from './block-groups.ts';
import { BLOCK_BYTES, BLOCKS_PER_GROUP } from './format.ts';
import type { StagedWriter } from './staged-writer.ts';
import { encodeSuperblock, type FileSystem, SUPERBLOCK_BYTES } from './superblock.ts';

/** The first superblock leaves room for a boot sector; the backups start with their block. */
const PRIMARY_AT = 1024;

/** Writes superblock and descriptors into all heads, and behind the first ones the spare blocks. */
export async function writeHeads(
  writer: StagedWriter,
  fileSystem: FileSystem,
  descriptors: Buffer,
  spares: Buffer,
): Promise<void> {
  const groups = Math.ceil(fileSystem.blocks / BLOCKS_PER_GROUP);
  writer.seek(0);
  await writer.append(superblockBlock(fileSystem, 0));
  await writer.append(descriptors);
  const backups = backupGroups(groups);
  // Without backups the spare blocks list nothing, and fresh blocks are zeros already.
  if (backups.length > 0) await writer.append(spares);
  for (const group of backups) {
    writer.seek(group * BLOCKS_PER_GROUP * BLOCK_BYTES);
    await writer.append(superblockBlock(fileSystem, group));
    await writer.append(descriptors);
  }
}

function superblockBlock(fileSystem: FileSystem, group: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  encodeSuperblock(fileSystem, group).copy(
    block,
    group === 0 ? PRIMARY_AT : 0,
    0,
    SUPERBLOCK_BYTES,
  );
  return block;
}
