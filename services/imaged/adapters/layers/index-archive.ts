import type { FileHandle } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';
import { corrupt } from '../../domain/corrupt.ts';
import { parseImagePath } from './image-path.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { detectCompression, MAGIC_BYTES } from './stream/compression.ts';
import { ByteReader, type ByteSource } from './tar/byte-reader.ts';
import { readTar, type TarHandler } from './tar/read-tar.ts';
import type { TarEntry } from './tar/tar-entry.ts';

/** Where in an archive the contents of a file lie. */
export type ArchiveMember = { readonly offset: number; readonly sizeBytes: number };

export type IndexOptions = { readonly limits?: Partial<Limits>; readonly signal?: AbortSignal };

/**
 * Finds the files of an archive of blobs (an OCI layout or the output of `docker save` as one tar)
 * without reading their contents. Keys are plain paths such as `blobs/sha256/…`, one latin1 character
 * a byte. Links to files count as files, since a layer that is there twice is stored as a link.
 */
export async function indexArchive(
  file: FileHandle,
  options: IndexOptions = {},
): Promise<ReadonlyMap<string, ArchiveMember>> {
  await refuseCompressed(file);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const index = new ArchiveIndex(limits);
  const { size } = await file.stat();
  const source = new FileSource(file, size, options.signal);
  await readTar(new ByteReader(source), index, limits);
  return index.resolveLinks();
}

const MEMBER_CHUNK_BYTES = 1024 ** 2;

/** The contents of a member. The file must stay open meanwhile, and stays so afterwards. */
export async function* readMember(file: FileHandle, member: ArchiveMember): AsyncGenerator<Buffer> {
  const end = member.offset + member.sizeBytes;
  for (let at = member.offset; at < end; ) {
    const chunk = Buffer.allocUnsafe(Math.min(MEMBER_CHUNK_BYTES, end - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) throw corrupt(`archive is cut short at byte ${at}`);
    yield chunk.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function refuseCompressed(file: FileHandle): Promise<void> {
  const head = Buffer.alloc(MAGIC_BYTES);
  await file.read(head, 0, MAGIC_BYTES, 0);
  const compression = detectCompression(head);
  if (compression === 'none') return;
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `archive is compressed with ${compression}; decompress it first`,
  );
}

/** Small, since between two headers there is a blob to jump over. */
const HEADER_CHUNK_BYTES = 4096;

class FileSource implements ByteSource {
  readonly #file: FileHandle;
  readonly #sizeBytes: number;
  readonly #signal: AbortSignal | undefined;
  #position = 0;

  constructor(file: FileHandle, sizeBytes: number, signal: AbortSignal | undefined) {
    this.#file = file;
    this.#sizeBytes = sizeBytes;
    this.#signal = signal;
  }

  async read(): Promise<Buffer | undefined> {
    this.#signal?.throwIfAborted();
    const chunk = Buffer.allocUnsafe(HEADER_CHUNK_BYTES);
    const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, this.#position);
    this.#position += bytesRead;
    return bytesRead === 0 ? undefined : chunk.subarray(0, bytesRead);
  }

  skip(bytes: number): void {
    this.#position += bytes;
    if (this.#position > this.#sizeBytes) {
      throw corrupt(`archive is cut short at byte ${this.#sizeBytes}`);
    }
  }
}

class ArchiveIndex implements TarHandler {
  readonly #limits: Limits;
  readonly #members = new Map<string, ArchiveMember>();
  readonly #links = new Map<string, string>();
  #entries = 0;
  #bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  entry(entry: TarEntry, offset: number): boolean {
    const names = parseImagePath(entry.path, this.#limits);
    this.#charge(entry.path.length + entry.linkTarget.length);
    const name = names.join('/');
    if (entry.kind === 'file') {
      // Which of two wins depends on the reader, and one of them might be the one that was checked.
      if (this.#members.has(name)) throw corrupt('is in the archive twice');
      if (entry.sparse) throw corrupt('is stored as a sparse file');
      this.#members.set(name, { offset, sizeBytes: entry.sizeBytes });
    } else if (entry.kind === 'hard link') {
      this.#links.set(name, parseImagePath(entry.linkTarget, this.#limits).join('/'));
    } else if (entry.kind === 'symlink') {
      this.#links.set(name, resolveTarget(names, entry.linkTarget));
    }
    return false;
  }

  /** Links that lead nowhere are left out; whoever needs the file will miss it by name. */
  resolveLinks(): ReadonlyMap<string, ArchiveMember> {
    const found = new Map(this.#members);
    for (const name of this.#links.keys()) {
      let target: string | undefined = name;
      for (let hops = 0; target !== undefined && hops <= this.#limits.linkHops; hops++) {
        const member = this.#members.get(target);
        if (member !== undefined) found.set(name, member);
        target = member === undefined ? this.#links.get(target) : undefined;
      }
    }
    return found;
  }

  append(): undefined {}
  skip(): void {}
  end(): void {}

  #charge(bytes: number): void {
    this.#entries++;
    this.#bytes += bytes;
    if (this.#entries > this.#limits.entries || this.#bytes > this.#limits.treeBytes) {
      throw corrupt('archive has too many entries');
    }
  }
}

/** The path of a symlink's target, which counts from the link's own folder. */
function resolveTarget(link: readonly string[], target: string): string {
  const names = target.startsWith('/') ? [] : link.slice(0, -1);
  for (const name of target.split('/')) {
    if (name === '..' && names.pop() === undefined) throw corrupt('links out of the archive');
    if (name !== '' && name !== '.' && name !== '..') names.push(name);
  }
  return names.join('/');
}
