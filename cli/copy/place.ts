import { posix, resolve } from 'node:path';
import { UsageError } from '../output/error.ts';

/** One end of a copy. */
export type Place =
  | { kind: 'host'; path: string; asFolder: boolean }
  | { kind: 'guest'; vm: string; path: string; asFolder: boolean }
  /** Standard input or output, as a tar stream. */
  | { kind: 'stream' };

const COMMAND = 'banger vm cp';

/** "NAME:PATH" is the guest's, "-" a stream, all else the host's; write "./a:b" for a file with a colon. */
export function parsePlace(text: string, cwd: string): Place {
  if (text === '-') return { kind: 'stream' };
  const asFolder = text.endsWith('/');
  const [, vm, path] = /^([a-z0-9-]+):(.*)$/s.exec(text) ?? [];
  if (vm === undefined || path === undefined) {
    if (text === '') throw new UsageError('a path cannot be empty', COMMAND);
    return { kind: 'host', path: resolve(cwd, text), asFolder };
  }
  // As in a shell there: what is not absolute is below the home of root.
  return {
    kind: 'guest',
    vm,
    path: posix.resolve('/root', path),
    asFolder: asFolder || path === '',
  };
}
