import { type Git, splitNul } from './git.ts';

/** An entry of the index: what git knows of one path. */
export type IndexEntry = { path: Buffer; mode: string; object: string };

export const SUBMODULE_MODE = '160000';

export async function listIndex(git: Git): Promise<IndexEntry[]> {
  return splitNul(await git.bytes(['ls-files', '-z', '--stage'])).map(parseEntry);
}

/** The files of a commit, with their sizes. */
export async function listTree(
  git: Git,
  commit: string,
): Promise<(IndexEntry & { sizeBytes: number })[]> {
  const output = await git.bytes(['ls-tree', '-r', '-z', '-l', '--full-tree', commit]);
  return splitNul(output).map((line) => {
    const { path, words } = splitEntry(line);
    const [mode = '', , object = '', size = ''] = words;
    return { path, mode, object, sizeBytes: Number(size) || 0 };
  });
}

/** Untracked files that nothing ignores; a folder with a repository of its own ends in "/". */
export async function listUntracked(git: Git): Promise<Buffer[]> {
  return splitNul(await git.bytes(['ls-files', '-z', '--others', '--exclude-standard']));
}

/** Names, byte for byte, of files that a sparse checkout leaves out of the working tree. */
export async function listSparse(git: Git): Promise<ReadonlySet<string>> {
  const listed = splitNul(await git.bytes(['ls-files', '-z', '-t', '--cached']));
  const sparse = listed.filter((line) => line.subarray(0, 2).toString() === 'S ');
  return new Set(sparse.map((line) => line.subarray(2).toString('latin1')));
}

function parseEntry(line: Buffer): IndexEntry {
  const { path, words } = splitEntry(line);
  const [mode = '', object = ''] = words;
  return { path, mode, object };
}

/** "MODE ... \tPATH" */
function splitEntry(line: Buffer): { path: Buffer; words: string[] } {
  const tab = line.indexOf('\t');
  return { path: line.subarray(tab + 1), words: line.subarray(0, tab).toString().split(/ +/) };
}
