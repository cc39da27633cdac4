/**
 * Figures of the on-disk format that several files here share.
 * The format is described in the kernel's Documentation/filesystems/ext4.
 */

/** The page size of every machine we run on, and the largest block size they all mount. */
export const BLOCK_BYTES = 4096;

/** As many blocks as the bits of the one block that records which of them are used. */
export const BLOCKS_PER_GROUP = 8 * BLOCK_BYTES;

/** 256 rather than 128: room for nanoseconds, years beyond 2038 and small extended attributes. */
export const INODE_BYTES = 256;
export const INODES_PER_BLOCK = BLOCK_BYTES / INODE_BYTES;

/** Where the pointers of an inode live, `i_block`: extents, a short link target or a device number. */
export const INODE_BODY_AT = 40;
export const INODE_BODY_BYTES = 60;

/** Behind the fields of an inode: 128 old bytes and `i_extra_isize` more. */
export const INODE_EXTRA_BYTES = 32;
export const INODE_XATTRS_AT = 128 + INODE_EXTRA_BYTES;

export const DESCRIPTOR_BYTES = 64;
export const DESCRIPTORS_PER_BLOCK = BLOCK_BYTES / DESCRIPTOR_BYTES;

/** `i_blocks` and the like count sectors, whatever the block size. */
export const SECTORS_PER_BLOCK = BLOCK_BYTES / 512;

/** Inode numbers start at 1; those below `FIRST_FREE_INODE` belong to the file system itself. */
export const ROOT_INODE = 2;
export const RESIZE_INODE = 7;
export const JOURNAL_INODE = 8;
export const FIRST_FREE_INODE = 11;

/** `i_flags`. */
export const INODE_HASHED_DIRECTORY = 0x1000;
export const INODE_EXTENTS = 0x80000;

export const MODE_TYPE = 0xf000;

/** The file type in the upper bits of `i_mode`, and the one kept beside each name in a folder. */
export const FILE_TYPES = {
  fifo: { mode: 0x1000, entry: 5 },
  character: { mode: 0x2000, entry: 3 },
  directory: { mode: 0x4000, entry: 2 },
  block: { mode: 0x6000, entry: 4 },
  file: { mode: 0x8000, entry: 1 },
  symlink: { mode: 0xa000, entry: 7 },
  socket: { mode: 0xc000, entry: 6 },
} as const;

/** Adjacent blocks on the disk. */
export type BlockRun = { start: number; blocks: number };
