import { createReadStream, statSync } from 'node:fs';
import { formatTarHeader, type TarEntry, tarEnd, tarPadding } from '../tar/format-tar.ts';
import type { GitFile } from './guest-git.ts';
import type { WorkspacePlan } from './plan.ts';

const CHUNK_BYTES = 256 * 1024;
/** vmd looks at this file to know when all was there; it must be the last. */
const LAST_FILE = '.git/banger-prepared';
/** git wants them, also in a repository without commits. */
const FOLDERS = ['.git/', '.git/objects/', '.git/refs/', '.git/refs/heads/'];

/** A workspace as one tar: the files, then the .git for the guest. Times are whole seconds. */
export async function* archiveWorkspace(
  plan: WorkspacePlan,
  git: readonly GitFile[],
  { wasReadOnly = false } = {},
): AsyncGenerator<Buffer, void> {
  yield* inChunks(entriesOf(plan, git, wasReadOnly));
}

async function* entriesOf(
  plan: WorkspacePlan,
  git: readonly GitFile[],
  wasReadOnly: boolean,
): AsyncGenerator<Buffer, void> {
  const mtimeSeconds = Math.floor(Date.now() / 1000);
  const { readOnly } = plan.options;
  const writable = readOnly ? 0o555 : 0o755;
  // Folders come with what is in them. To name one is to set its owner too, so only a change of modes is worth it.
  if (readOnly || wasReadOnly) {
    for (const path of foldersOf(plan)) yield formatTarHeader(folder(path, mtimeSeconds, writable));
  }
  for (const file of plan.files) {
    const { path, type, sizeBytes, executable } = file;
    const mode = writable & (executable || type === 'link' ? 0o777 : 0o666);
    const target = file.target === undefined ? {} : { target: file.target };
    const { mtimeSeconds: own } = file;
    yield formatTarHeader({ path, type, mode, sizeBytes, mtimeSeconds: own, ...target });
    if (type === 'file') yield* plan.read(file);
    yield tarPadding(sizeBytes);
  }
  for (const path of FOLDERS) yield formatTarHeader(folder(path, mtimeSeconds));
  for (const file of git) yield* gitFile(file, mtimeSeconds);
  yield* gitFile({ path: LAST_FILE.slice('.git/'.length), content: Buffer.alloc(0) }, mtimeSeconds);
  yield tarEnd();
}

/** The workspace itself and every folder on the way to a file, outer ones first; names byte for byte. */
function foldersOf({ files }: WorkspacePlan): ReadonlySet<string> {
  const folders = new Set(['./']);
  for (const { path } of files) {
    const name = path.toString('latin1');
    for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) {
      folders.add(name.slice(0, at + 1));
    }
  }
  return folders;
}

function folder(path: string, mtimeSeconds: number, mode = 0o755): TarEntry {
  return { path: Buffer.from(path, 'latin1'), type: 'folder', mode, sizeBytes: 0, mtimeSeconds };
}

async function* gitFile(file: GitFile, now: number): AsyncGenerator<Buffer, void> {
  const path = Buffer.from(`.git/${file.path}`);
  const head = { path, type: 'file' as const, mode: 0o644 };
  if ('content' in file) {
    const { content } = file;
    yield formatTarHeader({ ...head, sizeBytes: content.length, mtimeSeconds: now });
    yield content;
    yield tarPadding(content.length);
    return;
  }
  const { size, mtimeMs } = statSync(file.source);
  yield formatTarHeader({ ...head, sizeBytes: size, mtimeSeconds: Math.floor(mtimeMs / 1000) });
  yield* createReadStream(file.source, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
  yield tarPadding(size);
}

/** A message for every header and every small file would cost more than what is in it. */
async function* inChunks(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < CHUNK_BYTES) continue;
    yield Buffer.concat(waiting, bytes);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes);
}
