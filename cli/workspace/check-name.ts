import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';

/** Characters that HFS+ does not see, so that ".g\u200cit" is ".git" there (git's utf8.c). */
const UNSEEN = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** Why a path from a guest can be no file of a repository; nothing when it can. git is asked too, later. */
export function findNameFault(path: Buffer): string | undefined {
  const text = path.toString();
  if (text.startsWith('/')) return 'is not below the workspace';
  if (path.includes(0)) return 'holds a NUL';
  for (const part of text.split('/')) {
    if (part === '') return 'has an empty name in it';
    if (part === '.' || part === '..') return 'leads out of its folder';
    if (isDotGit(part)) return 'is a name that git keeps for itself';
  }
  return undefined;
}

/** As any file system may read it: in capitals, with unseen characters, or as NTFS shortens and extends it. */
function isDotGit(part: string): boolean {
  const seen = part.replaceAll(UNSEEN, '').toLowerCase();
  return /^(?:\.git|git~1)[ .]*(?:$|[:\\])/.test(seen);
}

/** Why a symbolic link from a guest is not taken: it would lead out of the repository it is applied to. */
export function findLinkFault(path: Buffer, target: Buffer): string | undefined {
  const text = target.toString();
  if (text.startsWith('/'))
    return `is a link to "${printableName(text)}", outside of the repository`;
  let depth = path.toString().split('/').length - 1;
  for (const part of text.split('/')) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return `is a link to "${printableName(text)}", outside of the repository`;
  }
  return undefined;
}

export function refusedFile(path: Buffer, why: string): BangerError {
  const shown = printableName(path.toString());
  return new BangerError(
    'OPERATION_REFUSED',
    `"${shown}" in the guest ${why}; remove it there, or leave it out with: --exclude "${shown}"`,
    { metadata: { path: shown } },
  );
}
