import { BangerError } from '#kit/errors.ts';
import { SUPERBLOCK_MAGIC } from './superblock.ts';

/** What finding things in an image takes; every figure is checked, none can lead out of bounds. */
export type ImageShape = {
  blockBytes: number;
  blocks: number;
  inodes: number;
  inodeBytes: number;
  inodesPerGroup: number;
  descriptorBytes: number;
  /** Where the descriptors start, in bytes. */
  descriptorsAt: number;
};

const NEEDS_RECOVERY = 0x4;
const WIDE = 0x80;

/** File types, extents, 64 bits, flexible groups, a checksum seed of its own, large folders. */
const READABLE_FEATURES = 0x2 | 0x40 | WIDE | 0x200 | 0x2000 | 0x4000;

export function parseSuperblock(block: Buffer): ImageShape {
  if (block.readUInt16LE(0x38) !== SUPERBLOCK_MAGIC) {
    throw new BangerError('IMAGE_CORRUPT', 'the image is not an ext4 file system');
  }
  const features = block.readUInt32LE(0x60);
  checkFeatures(features);
  const logBlockBytes = block.readUInt32LE(0x18);
  const blockBytes = 1024 * 2 ** logBlockBytes;
  const wide = (features & WIDE) !== 0;
  const blocksHigh = wide ? block.readUInt32LE(0x150) : 0;
  const firstBlock = block.readUInt32LE(0x14);
  const shape = {
    blockBytes,
    blocks: blocksHigh * 2 ** 32 + block.readUInt32LE(0x4),
    inodes: block.readUInt32LE(0x0),
    inodeBytes: block.readUInt16LE(0x58),
    inodesPerGroup: block.readUInt32LE(0x28),
    descriptorBytes: wide ? block.readUInt16LE(0xfe) : 32,
    descriptorsAt: (firstBlock + 1) * blockBytes,
  };
  const sound =
    logBlockBytes <= 2 &&
    firstBlock === (logBlockBytes === 0 ? 1 : 0) &&
    shape.blocks <= 2 ** 48 &&
    [128, 256, 512, 1024].includes(shape.inodeBytes) &&
    shape.inodesPerGroup > 0 &&
    shape.inodesPerGroup <= 8 * blockBytes &&
    shape.descriptorBytes === (wide ? 64 : 32);
  if (!sound) throw new BangerError('IMAGE_CORRUPT', 'the superblock of the image is not sound');
  return shape;
}

function checkFeatures(features: number): void {
  if ((features & NEEDS_RECOVERY) !== 0) {
    throw new BangerError(
      'FEATURE_UNSUPPORTED',
      'the image was not unmounted cleanly; repair it with: e2fsck -p IMAGE',
    );
  }
  const unknown = (features & ~READABLE_FEATURES) >>> 0;
  if (unknown === 0) return;
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `the image has ext4 features that are not read here: "0x${unknown.toString(16)}"`,
  );
}
