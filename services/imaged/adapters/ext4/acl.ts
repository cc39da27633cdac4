import { BangerError } from '#kit/errors.ts';

/*
 * Access control lists. Programs and archives carry the kernel's form: version 2, then tag,
 * permissions and id for every entry. The disk has version 1, and ids only for named users and groups.
 */
const VERSION_OUTSIDE = 2;
const VERSION_ON_DISK = 1;
const HEADER_BYTES = 4;
const FULL_ENTRY_BYTES = 8;
const SHORT_ENTRY_BYTES = 4;
const NO_ID = 0xffffffff;

const NAMED_TAGS = [0x02, 0x08];
const KNOWN_TAGS = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20];

export function aclToDisk(value: Buffer): Buffer {
  if (value.length % FULL_ENTRY_BYTES !== HEADER_BYTES) throw malformed();
  if (value.readUInt32LE(0) !== VERSION_OUTSIDE) throw malformed();
  const parts = [wordBuffer(VERSION_ON_DISK)];
  for (let at = HEADER_BYTES; at < value.length; at += FULL_ENTRY_BYTES) {
    const tag = value.readUInt16LE(at);
    if (!KNOWN_TAGS.includes(tag)) throw malformed();
    const bytes = NAMED_TAGS.includes(tag) ? FULL_ENTRY_BYTES : SHORT_ENTRY_BYTES;
    parts.push(value.subarray(at, at + bytes));
  }
  return Buffer.concat(parts);
}

export function aclFromDisk(value: Buffer): Buffer {
  if (value.length < HEADER_BYTES || value.readUInt32LE(0) !== VERSION_ON_DISK) throw malformed();
  const parts = [wordBuffer(VERSION_OUTSIDE)];
  for (let at = HEADER_BYTES; at < value.length; ) {
    if (value.length - at < SHORT_ENTRY_BYTES) throw malformed();
    const named = NAMED_TAGS.includes(value.readUInt16LE(at));
    const bytes = named ? FULL_ENTRY_BYTES : SHORT_ENTRY_BYTES;
    if (value.length - at < bytes) throw malformed();
    parts.push(value.subarray(at, at + bytes));
    if (!named) parts.push(wordBuffer(NO_ID));
    at += bytes;
  }
  return Buffer.concat(parts);
}

function wordBuffer(value: number): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(value);
  return word;
}

function malformed(): BangerError {
  return new BangerError('IMAGE_CORRUPT', 'an access control list is malformed');
}
