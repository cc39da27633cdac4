import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { Guest, GuestFile } from '../domain/guest.ts';
import type { Guest as Session } from './guest/guest.ts';

/** What a guest offers of its files, in the domain's words. */
export function fileMethods(
  session: Session,
): Pick<Guest, 'unpack' | 'findFile' | 'pack' | 'packFiles' | 'list' | 'listTree'> {
  return {
    unpack: async ({ signal }, { guestPath, owner }, tar) => {
      const options = { signal, createFolder: true, ...parseOwner(owner) };
      const { entries, bytes } = await session.unpack(guestPath, buffers(tar), options);
      return { entries, sizeBytes: bytes };
    },
    findFile: (call, guestPath) => findFile(session, call, guestPath),
    pack: (call, guestPath) => pack(session, call, guestPath),
    packFiles: (call, folder, names) => packFiles(session, call, folder, names),
    list: ({ signal }, folder) => describe(session.list(folder, { signal })),
    listTree: ({ signal }, folder, skipped) =>
      describe(session.listTree(folder, { signal, skipped })),
  };
}

async function findFile(session: Session, { signal }: Call, path: string) {
  try {
    const { mode, sizeBytes } = await session.stat(path, { signal, follow: true });
    return { kind: kindOf(mode), mode, sizeBytes };
  } catch (error) {
    if (error instanceof BangerError && error.metadata.errno === 'ENOENT') return undefined;
    throw error;
  }
}

async function* pack(session: Session, call: Call, guestPath: string) {
  const { mode } = await session.stat(guestPath, { signal: call.signal, follow: true });
  const at = guestPath.lastIndexOf('/');
  const [folder, names] =
    kindOf(mode) === 'folder'
      ? [guestPath, undefined]
      : [guestPath.slice(0, at) || '/', [guestPath.slice(at + 1)]];
  yield* packFiles(session, call, folder, names);
}

async function* packFiles(
  session: Session,
  { signal }: Call,
  folder: string,
  names: readonly (string | Buffer)[] = [],
) {
  const { stream, totals } = session.pack(folder, { signal, names });
  totals.catch(() => undefined);
  yield* stream as AsyncIterable<Buffer>;
  // Only now is it known that the guest sent all of it.
  await totals;
}

/** The types in a mode (inode(7)). */
const TYPES = 0o170000;
const [FILE, FOLDER, LINK] = [0o100000, 0o040000, 0o120000];

function kindOf(mode: number): GuestFile['kind'] {
  const type = mode & TYPES;
  return type === FILE ? 'file' : type === FOLDER ? 'folder' : type === LINK ? 'link' : 'other';
}

async function* describe(files: ReturnType<Session['list']>) {
  for await (const file of files) {
    const { name, mode, sizeBytes, target, ctimeSeconds, ctimeNanoseconds } = file;
    yield {
      name,
      kind: kindOf(mode),
      mode,
      sizeBytes,
      target,
      changedAt: new Date(ctimeSeconds * 1000 + Math.floor(ctimeNanoseconds / 1e6)),
      wholeSecond: file.mtimeNanoseconds === 0,
    };
  }
}

async function* buffers(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) {
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

function parseOwner(owner: string): { owner?: { uid: number; gid: number } } {
  if (owner === '') return {};
  const match = /^(\d{1,10}):(\d{1,10})$/.exec(owner);
  if (match !== null) return { owner: { uid: Number(match[1]), gid: Number(match[2]) } };
  throw new BangerError(
    'INVALID_FIELD',
    `"${owner}" is not an owner; write it as uid:gid, such as "1000:1000"`,
    {
      metadata: { field: 'owner' },
    },
  );
}
