import { BangerError } from '#kit/errors.ts';
import type { Timestamp } from '../../domain/file-tree.ts';
import { type Head, headFor, MAX_DISK_BLOCKS } from './block-groups.ts';
import { BLOCK_BYTES } from './format.ts';

/** How large the disk becomes: so many bytes, or what the content needs and so much free space. */
export type DiskSize = { exactBytes: number } | { freeBytes: number };

export type DiskOptions = {
  size: DiskSize;
  /** The size up to which the file system can grow while it is mounted. */
  maximumSizeBytes: number;
  /** At most 16 bytes. */
  label: string;
  uuid: string;
  /** The only time that does not come from the tree: nothing here asks a clock. */
  createdAt: Timestamp;
};

export type ParsedOptions = {
  size: DiskSize;
  head: Head;
  limitBlocks: number;
  label: Buffer;
  uuid: Buffer;
  createdAt: Timestamp;
};

const MAX_LABEL_BYTES = 16;
/** The superblock's times have 40 bits. */
const MAX_SECONDS = 2 ** 40;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function parseDiskOptions(options: DiskOptions): ParsedOptions {
  const { size, createdAt } = options;
  const maximumBlocks = parseBlocks(options.maximumSizeBytes);
  const limitBlocks = 'exactBytes' in size ? parseBlocks(size.exactBytes) : maximumBlocks;
  if (limitBlocks > maximumBlocks) throw invalidSize(limitBlocks * BLOCK_BYTES);
  const label = Buffer.from(options.label);
  if (label.length > MAX_LABEL_BYTES) {
    throw invalidField('label', `"${options.label}" is longer than ${MAX_LABEL_BYTES} bytes`);
  }
  if (!(createdAt.seconds >= 0 && createdAt.seconds < MAX_SECONDS)) {
    throw invalidField('createdAt', `"${createdAt.seconds}" is not a time in seconds`);
  }
  if (!UUID.test(options.uuid)) throw invalidField('uuid', `"${options.uuid}" is not a uuid`);
  const uuid = Buffer.from(options.uuid.replaceAll('-', ''), 'hex');
  return { size, head: headFor(maximumBlocks), limitBlocks, label, uuid, createdAt };
}

function parseBlocks(bytes: number): number {
  const blocks = Math.floor(bytes / BLOCK_BYTES);
  if (!(blocks > 0 && blocks <= MAX_DISK_BLOCKS)) throw invalidSize(bytes);
  return blocks;
}

function invalidSize(bytes: number): BangerError {
  return new BangerError('INVALID_SIZE', `a disk of "${bytes}" bytes cannot be made`, {
    metadata: { sizeBytes: String(bytes) },
  });
}

function invalidField(field: string, message: string): BangerError {
  return new BangerError('INVALID_FIELD', message, { metadata: { field } });
}
