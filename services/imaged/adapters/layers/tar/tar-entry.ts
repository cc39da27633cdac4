import { corrupt } from '../../../domain/corrupt.ts';
import type { Timestamp } from '../../../domain/file-tree.ts';
import type { PaxHeader } from './pax-header.ts';
import { parseDeviceNumber, type TarHeader } from './tar-header.ts';

export type TarEntryKind =
  | 'file'
  | 'directory'
  | 'hard link'
  | 'symlink'
  | 'character'
  | 'block'
  | 'fifo';

export type Device = {
  readonly kind: 'character' | 'block';
  readonly major: number;
  readonly minor: number;
};

/** One entry, with everything PAX and GNU headers said about it. Strings are latin1: one character a byte. */
export type TarEntry = {
  readonly kind: TarEntryKind;
  /** As the archive has it, so possibly absolute, or with `..` in it. */
  readonly path: string;
  readonly linkTarget: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Timestamp;
  readonly xattrs: ReadonlyMap<string, Buffer> | undefined;
  readonly device: Device | undefined;
  /** What the archive holds of the contents. Zero for all but files. */
  readonly storedBytes: number;
  /** What the contents are long, holes included; known before the first byte comes. */
  readonly sizeBytes: number;
  /** The stored bytes are not the contents as they stand. */
  readonly sparse: boolean;
};

/** The headers that amend the one after them. */
export type Amendments = {
  pax?: PaxHeader;
  longName?: string;
  longLink?: string;
};

const KINDS = new Map<string, TarEntryKind>([
  ['\0', 'file'],
  ['0', 'file'],
  ['1', 'hard link'],
  ['2', 'symlink'],
  ['3', 'character'],
  ['4', 'block'],
  ['5', 'directory'],
  ['6', 'fifo'],
  ['7', 'file'],
  ['S', 'file'],
]);

const LARGEST_ID = 2 ** 32 - 1;

/**
 * Readers disagree when both GNU and PAX name an entry; this is the order of Go's, which containerd
 * uses. GNU tar gives a sparse file a made-up path, for readers that know no sparse files.
 */
export function entryPath(path: string, { pax, longName }: Amendments): string {
  return pax?.sparse?.name ?? longName ?? pax?.path ?? path;
}

export function toTarEntry(
  header: TarHeader,
  amendments: Amendments,
  globals: PaxHeader,
): TarEntry {
  const pax = amendments.pax ?? {};
  const path = entryPath(header.path, amendments);
  const kind = kindOf(header.type, path);
  const storedBytes = kind === 'file' ? (pax.sizeBytes ?? header.sizeBytes) : 0;
  return {
    kind,
    path,
    linkTarget: amendments.longLink ?? pax.linkTarget ?? header.linkTarget,
    mode: header.mode & 0o7777,
    uid: parseId(pax.uid ?? globals.uid ?? header.uid),
    gid: parseId(pax.gid ?? globals.gid ?? header.gid),
    mtime: pax.mtime ?? globals.mtime ?? { seconds: header.mtimeSeconds, nanoseconds: 0 },
    xattrs: pax.xattrs ?? globals.xattrs,
    device:
      kind === 'character' || kind === 'block'
        ? { kind, ...parseDeviceNumber(header.block) }
        : undefined,
    storedBytes,
    sizeBytes: storedBytes,
    sparse: false,
  };
}

/** Version 7 had no type for folders; the name's last character told. */
function kindOf(type: string, path: string): TarEntryKind {
  const kind = KINDS.get(type);
  if (kind === undefined)
    throw corrupt(`has entry type 0x${type.charCodeAt(0).toString(16)}, which is unknown`);
  return type === '\0' && path.endsWith('/') ? 'directory' : kind;
}

function parseId(id: number): number {
  if (id > LARGEST_ID) throw corrupt(`owner ${id} is out of range`);
  return id;
}
