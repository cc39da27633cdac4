import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, posix } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { formatSize } from '#kit/size.ts';
import type { SyncedFile } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { type FileSync, readFileSyncEntries } from './file-sync-config.ts';

/** What one request may carry beside its other fields; see MESSAGE_LIMIT_BYTES of kit/call-method.ts. */
const LIMIT_BYTES = 3 * 2 ** 20;
const FILE_MODE = 0o600;

/**
 * The files that `[[file_sync]]` of the configuration names, read as the user: the services could not, and should
 * not. What is missing is left out with a warning; a link inside of a folder is too, since it may lead anywhere.
 */
export async function readSyncedFiles(context: Context): Promise<SyncedFile[]> {
  const entries = await readFileSyncEntries(context.paths.config);
  const files = entries.flatMap((entry) => readEntry(context, entry));
  const total = files.reduce((sum, { content }) => sum + content.length, 0);
  if (total <= LIMIT_BYTES) return files;
  throw new BangerError(
    'INVALID_FIELD',
    `the files of [[file_sync]] have ${formatSize(total)} and may have ${formatSize(LIMIT_BYTES)}; copy large ones with: banger vm cp`,
  );
}

function readEntry(context: Context, { host, guest, mode }: FileSync): SyncedFile[] {
  const from = inHome(context, host);
  const found = statSync(from, { throwIfNoEntry: false });
  if (found === undefined) {
    context.out.note(`file_sync: "${host}" is not here and is left out`);
    return [];
  }
  const to = posix.normalize(guest.replace(/^~(?=\/)/, '/root'));
  if (found.isDirectory()) return readFolder(context, from, to);
  return [{ guestPath: to, content: readFileSync(from), mode: mode ?? FILE_MODE }];
}

/** Modes are the files' own. */
function readFolder(context: Context, from: string, to: string): SyncedFile[] {
  return readdirSync(from, { withFileTypes: true }).flatMap((entry) => {
    const path = join(from, entry.name);
    const guestPath = posix.join(to, entry.name);
    if (entry.isDirectory()) return readFolder(context, path, guestPath);
    if (entry.isFile()) {
      return [{ guestPath, content: readFileSync(path), mode: statSync(path).mode & 0o777 }];
    }
    context.out.note(`file_sync: "${path}" is a link or no file and is left out`);
    return [];
  });
}

function inHome({ env }: Context, host: string): string {
  if (isAbsolute(host)) return host;
  const { HOME } = env;
  if (HOME !== undefined && isAbsolute(HOME)) return join(HOME, host.slice(2));
  throw new BangerError(
    'HOST_NOT_READY',
    `HOME is not set, so there is no "${host}"; set HOME, or write an absolute path`,
  );
}
