import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { Vm } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { type Changes, readChanges } from './changes.ts';
import { fetchContents } from './contents.ts';
import { splitNul } from './git.ts';
import { openRepository, type Repository } from './repository.ts';
import { openScratch, type Scratch } from './scratch.ts';
import { writeTree } from './scratch-tree.ts';

export type ExportOptions = {
  /** A commit to tell the changes from; empty for what the guest was given. */
  baseCommit: string;
  exclude: readonly string[];
  maxBytes: number;
};

/** The workspace of a guest as a tree beside the user's repository, for as long as somebody works with it. */
export type Exported = {
  repository: Repository;
  scratch: Scratch;
  changes: Changes;
  /** A commit, or the empty tree. */
  base: string;
  tree: string;
  files: readonly ChangedFile[];
};

export type ChangedFile = { status: string; path: string };

export async function withExport<Result>(
  context: Context,
  vm: Vm,
  options: ExportOptions,
  work: (exported: Exported) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'banger-workspace-'));
  try {
    const repository = await openRepository(vm.workspace?.hostPath ?? '', context.signal);
    const wanted = await findBase(repository, options.baseCommit);
    const scratch = await openScratch(repository, folder, context.signal);
    const changes = await readChanges(context, vm, scratch, options);
    const limit = { totalBytes: options.maxBytes };
    const contents = await fetchContents(context, vm, scratch, changes.written, limit);
    const tree = await writeTree(scratch, changes, contents);
    const base =
      wanted || changes.base || (await scratch.git.text(['write-tree'], emptyIndex(folder)));
    const files = await listFiles(scratch, base, tree);
    return await work({ repository, scratch, changes, base, tree, files });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function emptyIndex(folder: string) {
  return { env: { GIT_INDEX_FILE: join(folder, 'empty-index') } };
}

async function findBase({ git, name }: Repository, commit: string): Promise<string> {
  if (commit === '') return '';
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`];
  const found = await git.find(args);
  if (found !== undefined) return found;
  throw new BangerError(
    'INVALID_FIELD',
    `"${printableName(commit)}" is no commit of "${name}"; see: git log --oneline`,
    { metadata: { field: 'base-commit' } },
  );
}

/** No settings of anybody's can change what a patch looks like. */
const PLAIN = ['--no-ext-diff', '--no-textconv', '--no-color', '--no-renames', '-r'];

async function listFiles({ git }: Scratch, base: string, tree: string): Promise<ChangedFile[]> {
  const items = splitNul(
    await git.bytes(['diff-tree', ...PLAIN, '-z', '--name-status', base, tree]),
  );
  const words = items.map(String);
  return words.flatMap((status, at) =>
    at % 2 === 0 ? [{ status, path: words[at + 1] ?? '' }] : [],
  );
}

/** Applies with `git apply`, to the byte. */
export function formatPatch({ scratch, base, tree }: Exported): AsyncGenerator<Buffer, void> {
  return scratch.git.stream(['diff-tree', ...PLAIN, '-p', '--binary', '--full-index', base, tree]);
}

export function formatStat({ scratch, base, tree }: Exported): Promise<string> {
  return scratch.git.text(['diff-tree', ...PLAIN, '--stat=100', base, tree]);
}
