import { BangerError } from '#kit/errors.ts';
import { aclFromDisk } from './acl.ts';
import { corrupt, type ImageFile } from './read-image.ts';
import type { ImageInode } from './read-inode.ts';
import {
  IN_BLOCK_HEADER_BYTES,
  IN_INODE_HEADER_BYTES,
  isAclPrefix,
  XATTR_ENTRY_BYTES,
  XATTR_MAGIC,
  XATTR_PREFIXES,
} from './xattrs.ts';

export async function readXattrs(
  image: ImageFile,
  inode: ImageInode,
): Promise<Map<string, Buffer> | undefined> {
  const xattrs = new Map<string, Buffer>();
  const { xattrArea, xattrBlock } = inode;
  if (hasMagic(xattrArea)) {
    parseEntries(xattrArea.subarray(IN_INODE_HEADER_BYTES), 0, xattrs);
  }
  if (xattrBlock !== 0) {
    const block = await image.readBlock(xattrBlock);
    if (!hasMagic(block)) throw corrupt('a block of extended attributes is not sound');
    parseEntries(block, IN_BLOCK_HEADER_BYTES, xattrs);
  }
  return xattrs.size === 0 ? undefined : xattrs;
}

function hasMagic(area: Buffer): boolean {
  return area.length >= IN_INODE_HEADER_BYTES && area.readUInt32LE(0) === XATTR_MAGIC;
}

/** Four zero bytes end the entries; values lie anywhere in the area. */
function parseEntries(area: Buffer, start: number, xattrs: Map<string, Buffer>): void {
  for (let at = start; at + 4 <= area.length && area.readUInt32LE(at) !== 0; ) {
    if (at + XATTR_ENTRY_BYTES > area.length) throw corrupt('an extended attribute is cut short');
    const nameBytes = area.readUInt8(at);
    const nameAt = at + XATTR_ENTRY_BYTES;
    const valueAt = area.readUInt16LE(at + 2);
    const valueBytes = area.readUInt32LE(at + 8);
    if (area.readUInt32LE(at + 4) !== 0) {
      throw new BangerError('FEATURE_UNSUPPORTED', 'an extended attribute has an inode of its own');
    }
    if (nameAt + nameBytes > area.length || valueAt + valueBytes > area.length) {
      throw corrupt('an extended attribute is cut short');
    }
    const name = area.toString('latin1', nameAt, nameAt + nameBytes);
    const value = Buffer.from(area.subarray(valueAt, valueAt + valueBytes));
    addXattr(xattrs, area.readUInt8(at + 1), name, value);
    at = nameAt + ((nameBytes + 3) & ~3);
  }
}

function addXattr(
  xattrs: Map<string, Buffer>,
  prefixNumber: number,
  name: string,
  value: Buffer,
): void {
  const known = XATTR_PREFIXES.find(([, number]) => number === prefixNumber);
  const isAcl = isAclPrefix(prefixNumber);
  if (known === undefined || isAcl !== (name === '')) return;
  xattrs.set(known[0] + name, isAcl ? aclFromDisk(value) : value);
}
