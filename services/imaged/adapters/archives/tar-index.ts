import type { FileHandle } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';
import type { Range } from './read-range.ts';

/** Where in a tar file the contents of its members are. */
export type ArchiveIndex = { find(name: string): Range | undefined };

type Member = { readonly range: Range } | { readonly linkTo: string };
type Header = { name: string; link: string; type: string; sizeBytes: number };
type Extension = { path?: string; linkpath?: string; size?: string };

const BLOCK = 512;
/** Image archives have three members a layer; more than this is not one. */
const MEMBER_LIMIT = 10_000;
const EXTENSION_LIMIT_BYTES = 1 << 20;
const LINK_LIMIT = 8;

/**
 * Lists the members of a tar file without reading their contents. Links are resolved among the
 * members themselves: old `docker save` wrote a repeated layer as a symbolic link to the first one.
 * Undefined for a tar with so many members that it cannot be an image archive.
 */
export async function indexTar(
  file: FileHandle,
  origin: string,
): Promise<ArchiveIndex | undefined> {
  const members = await listMembers(file, origin);
  if (members === undefined) return undefined;
  return {
    find(name) {
      let member = members.get(normalise(name));
      for (let hops = 0; member !== undefined && hops < LINK_LIMIT; hops++) {
        if ('range' in member) return member.range;
        member = members.get(member.linkTo);
      }
      return undefined;
    },
  };
}

async function listMembers(
  file: FileHandle,
  origin: string,
): Promise<Map<string, Member> | undefined> {
  const { size } = await file.stat();
  const members = new Map<string, Member>();
  let extension: Extension = {};
  let position = 0;
  for (let count = 0; position + BLOCK <= size; count++) {
    if (count === MEMBER_LIMIT) return undefined;
    const header = parseHeader(await readBytes(file, position, BLOCK, origin), origin);
    if (header === undefined) break;
    const isExtension = 'xgLK'.includes(header.type);
    const entry = isExtension ? header : applyExtension(header, extension, origin);
    const range = { offset: position + BLOCK, sizeBytes: hasContent(entry) ? entry.sizeBytes : 0 };
    position = range.offset + Math.ceil(range.sizeBytes / BLOCK) * BLOCK;
    if (range.offset + range.sizeBytes > size) throw damaged(origin, 'it is cut short');
    const member = toMember(entry, range);
    if (member !== undefined) members.set(normalise(entry.name), member);
    const more = isExtension ? await readExtension(file, entry.type, range, origin) : undefined;
    extension = more === undefined ? {} : { ...extension, ...more };
  }
  return members;
}

function toMember(entry: Header, range: Range): Member | undefined {
  if (entry.type === '0' || entry.type === '7') return { range };
  if (entry.type === '1') return { linkTo: normalise(entry.link) };
  if (entry.type === '2') return { linkTo: normalise(`${entry.name}/../${entry.link}`) };
  return undefined;
}

/** Links and folders may carry a size, but nothing follows them. */
function hasContent({ type }: Header): boolean {
  return !'123456'.includes(type);
}

/** An all-zero block ends the archive. */
function parseHeader(block: Buffer, origin: string): Header | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (parseNumber(block.subarray(148, 156)) !== sum) throw damaged(origin, 'it is not a tar file');
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? toText(block.subarray(345, 500)) : '';
  const name = toText(block.subarray(0, 100));
  const type = block.toString('latin1', 156, 157);
  const sizeBytes = parseNumber(block.subarray(124, 136));
  if (!Number.isSafeInteger(sizeBytes)) throw damaged(origin, 'a member has an impossible size');
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: toText(block.subarray(157, 257)),
    type: type === '\0' ? '0' : type,
    sizeBytes,
  };
}

/** Octal digits, or big-endian binary where the first bit is set; NaN for anything else. */
function parseNumber(field: Buffer): number {
  const first = field[0] ?? 0;
  if (first === 0x80) return Number(BigInt(`0x${field.subarray(1).toString('hex')}`));
  const text = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || '0', 8) : Number.NaN;
}

function applyExtension(
  header: Header,
  { path, linkpath, size }: Extension,
  origin: string,
): Header {
  if (size !== undefined && !/^\d{1,15}$/.test(size)) {
    throw damaged(origin, 'a member has an impossible size');
  }
  const sizeBytes = size === undefined ? header.sizeBytes : Number(size);
  return { ...header, name: path ?? header.name, link: linkpath ?? header.link, sizeBytes };
}

/** A PAX header (x), or GNU's long name (L) or link (K). Global PAX headers (g) say nothing we use. */
async function readExtension(
  file: FileHandle,
  type: string,
  range: Range,
  origin: string,
): Promise<Extension> {
  if (type === 'g') return {};
  if (range.sizeBytes > EXTENSION_LIMIT_BYTES)
    throw damaged(origin, 'a member has too long a header');
  const bytes = await readBytes(file, range.offset, range.sizeBytes, origin);
  if (type === 'L') return { path: toText(bytes) };
  return type === 'K' ? { linkpath: toText(bytes) } : parsePax(bytes, origin);
}

function parsePax(bytes: Buffer, origin: string): Extension {
  const extension: Extension = {};
  for (let at = 0; at < bytes.length; ) {
    const match = /^(\d{1,8}) ([^=]+)=/.exec(bytes.toString('latin1', at, at + 300));
    const length = Number(match?.[1]);
    if (match === null || length <= match[0].length || bytes[at + length - 1] !== 0x0a) {
      throw damaged(origin, 'a member has a PAX header that cannot be read');
    }
    const value = bytes.toString('utf8', at + match[0].length, at + length - 1);
    const name = match[2];
    if (name === 'path' || name === 'linkpath' || name === 'size') extension[name] = value;
    at += length;
  }
  return extension;
}

function normalise(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

async function readBytes(
  file: FileHandle,
  offset: number,
  length: number,
  origin: string,
): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
  if (bytesRead < length) throw damaged(origin, 'it is cut short');
  return buffer;
}

function toText(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

function damaged(origin: string, why: string): BangerError {
  return new BangerError('IMAGE_CORRUPT', `${origin} is damaged: ${why}`);
}
