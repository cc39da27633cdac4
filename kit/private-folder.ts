import { chmodSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { BangerError } from './errors.ts';

/**
 * A folder that only its owner can look into; with mode 0o711 others may pass through to what they know the name
 * of. One that lies there already is used only when it is a real folder of that owner: in a shared place such as
 * /tmp somebody else may have put one, or a link, under the name.
 */
export function ensurePrivateFolder(path: string, uid: number, mode: 0o700 | 0o711 = 0o700): void {
  const found = lstatSync(path, { throwIfNoEntry: false }) ?? makeFolder(path, mode);
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0) return;
  throw new BangerError(
    'HOST_NOT_READY',
    `"${path}" must be a folder of uid ${uid} that nobody else can write to; remove it, or set XDG_RUNTIME_DIR`,
    { metadata: { path } },
  );
}

function makeFolder(path: string, mode: number): Stats {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // The umask has no say in what others may do here.
  chmodSync(path, mode);
  return lstatSync(path);
}
