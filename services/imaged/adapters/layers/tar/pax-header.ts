import { corrupt } from '../../../domain/corrupt.ts';
import type { Timestamp } from '../../../domain/file-tree.ts';
import { readPaxRecords } from './pax-records.ts';

/** What a PAX header says about the entry after it; what it does not say is absent. */
export type PaxHeader = {
  path?: string;
  linkTarget?: string;
  sizeBytes?: number;
  uid?: number;
  gid?: number;
  mtime?: Timestamp;
  xattrs?: Map<string, Buffer>;
  sparse?: PaxSparse;
};

/** GNU tar's three ways to say which parts of a file are stored: 0.0 and 0.1 list them here, 1.0 in the contents. */
export type PaxSparse = {
  version: string;
  name?: string;
  sizeBytes?: number;
  /** Offsets and lengths in turn. */
  map: number[];
};

export function parsePaxHeader(data: Buffer): PaxHeader {
  const pax: PaxHeader = {};
  readPaxRecords(data, (key, value) => readRecord(pax, key, value));
  return pax;
}

/**
 * Global headers hold defaults for all entries. Names and sizes make no sense as such, and readers
 * disagree about them, so an archive that has them means to be read in two ways.
 */
export function parseGlobalPaxHeader(data: Buffer): PaxHeader {
  const pax = parsePaxHeader(data);
  for (const key of ['path', 'linkTarget', 'sizeBytes', 'sparse'] as const) {
    if (pax[key] !== undefined) throw corrupt(`global PAX header sets ${key}`);
  }
  return pax;
}

function readRecord(pax: PaxHeader, key: string, value: Buffer): void {
  if (key.startsWith('SCHILY.xattr.')) {
    setXattr(pax, key.slice(13), Buffer.from(value));
  } else if (key.startsWith('LIBARCHIVE.xattr.')) {
    readLibarchiveXattr(pax, key.slice(17), value);
  } else if (value.length === 0) {
    // Takes back what an earlier header set, which leaves the plain header's value.
    return;
  } else if (key.startsWith('GNU.sparse.')) {
    readSparse(pax, key.slice(11), value);
  } else {
    readPlainRecord(pax, key, value);
  }
}

function readPlainRecord(pax: PaxHeader, key: string, value: Buffer): void {
  if (key === 'path') pax.path = parseName(value);
  else if (key === 'linkpath') pax.linkTarget = parseName(value);
  else if (key === 'size') pax.sizeBytes = parseCount(key, value);
  else if (key === 'uid') pax.uid = parseCount(key, value);
  else if (key === 'gid') pax.gid = parseCount(key, value);
  else if (key === 'mtime') pax.mtime = parseTime(value);
}

function readSparse(pax: PaxHeader, key: string, value: Buffer): void {
  pax.sparse ??= { version: '', map: [] };
  const sparse = pax.sparse;
  if (key === 'major') sparse.version = `${value.toString('latin1')}.`;
  else if (key === 'minor') sparse.version += value.toString('latin1');
  else if (key === 'name') sparse.name = parseName(value);
  else if (key === 'size' || key === 'realsize') sparse.sizeBytes = parseCount(key, value);
  else if (key === 'offset' || key === 'numbytes') sparse.map.push(parseCount(key, value));
  else if (key === 'map') {
    sparse.map = value
      .toString('latin1')
      .split(',')
      .map((text) => parseCount(key, text));
  }
}

/** Libarchive writes names URL-encoded and values in base64. */
function readLibarchiveXattr(pax: PaxHeader, key: string, value: Buffer): void {
  const name = key.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  setXattr(pax, name, Buffer.from(value.toString('latin1'), 'base64'));
}

function setXattr(pax: PaxHeader, name: string, value: Buffer): void {
  if (name === '' || name.includes('\0')) throw corrupt('extended attribute has no proper name');
  pax.xattrs ??= new Map();
  pax.xattrs.set(name, value);
}

function parseName(value: Buffer): string {
  const name = value.toString('latin1');
  if (name.includes('\0')) throw corrupt('PAX header has a NUL in a name');
  return name;
}

function parseCount(key: string, value: Buffer | string): number {
  const text = value.toString('latin1');
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw corrupt(`PAX header has a ${key} that is not a size`);
  return count;
}

/** Seconds with a fraction; before 1970 both are below zero, while nanoseconds always count forward. */
function parseTime(value: Buffer): Timestamp {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(value.toString('latin1'));
  if (match === null) throw corrupt('PAX header has an mtime that is not a time');
  const [, sign, whole, fraction = ''] = match;
  const seconds = Number(whole);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (sign === '') return { seconds, nanoseconds };
  if (nanoseconds === 0) return { seconds: 0 - seconds, nanoseconds };
  return { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}
