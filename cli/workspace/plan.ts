import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { createByteReader } from '../tar/byte-reader.ts';
import { openRepository, type Repository } from './repository.ts';
import {
  type IndexEntry,
  listIndex,
  listTree,
  listUntracked,
  SUBMODULE_MODE,
} from './tracked-files.ts';
import { openWorkingTree, type WorkspaceFile } from './working-tree.ts';

export type WorkspaceOptions = {
  path: string;
  mode: 'overlay' | 'full-copy';
  /** A branch of the guest's own; empty for the one that is checked out here. */
  branch: string;
  /** Where that branch begins; empty for HEAD with what is changed in the working tree. */
  from: string;
  readOnly: boolean;
  includeUntracked: boolean;
};

/** All that will be sent, known before a machine is made. */
export type WorkspacePlan = {
  repository: Repository;
  options: WorkspaceOptions;
  files: readonly WorkspaceFile[];
  /** Content of the files, asked for in their order. */
  read(file: WorkspaceFile): AsyncIterable<Buffer> | Iterable<Buffer>;
  /** Commit that is HEAD in the guest; empty for none. */
  commit: string;
  branch: string;
  index: readonly IndexEntry[];
  leftBehind: { untracked: number; submodules: number };
};

export async function planWorkspace(
  options: WorkspaceOptions,
  signal: AbortSignal,
): Promise<WorkspacePlan> {
  const repository = await openRepository(options.path, signal);
  await checkBranch(repository, options);
  const commit = await findStart(repository, options);
  const branch = options.branch || repository.branch;
  const start = { repository, options, commit, branch };
  return options.from === '' || commit === repository.head
    ? planWorkingTree(start, signal)
    : planCommit(start);
}

type Start = Pick<WorkspacePlan, 'repository' | 'options' | 'commit' | 'branch'>;

async function checkBranch({ git }: Repository, { branch, from }: WorkspaceOptions): Promise<void> {
  if (branch === '' && from === '') return;
  if (branch === '') {
    throw wrong('from', '--from says where a branch begins; name the branch with --branch');
  }
  if ((await git.find(['check-ref-format', `refs/heads/${branch}`])) !== undefined) return;
  throw wrong(
    'branch',
    `"${printableName(branch)}" cannot name a branch; see: git help check-ref-format`,
  );
}

async function findStart({ git, head, name }: Repository, { from }: WorkspaceOptions) {
  if (from === '') return head;
  const found = await git.find([
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${from}^{commit}`,
  ]);
  if (found !== undefined) return found;
  throw wrong('from', `"${printableName(from)}" is no commit of "${name}"; see: git log --oneline`);
}

async function planWorkingTree(start: Start, signal: AbortSignal): Promise<WorkspacePlan> {
  const { repository, options } = start;
  const tree = openWorkingTree(repository.root);
  const index = await listIndex(repository.git);
  const submodules = index.filter(({ mode }) => mode === SUBMODULE_MODE);
  const takesSubmodules = options.mode === 'full-copy';
  const within = takesSubmodules ? await listWithin(repository.root, submodules, signal) : [];
  const untracked = await listUntracked(repository.git);
  const tracked = index.filter(({ mode }) => mode !== SUBMODULE_MODE).map(({ path }) => path);
  const paths = [...tracked, ...within, ...(options.includeUntracked ? untracked : [])];
  return {
    ...start,
    files: unique(paths).flatMap((path) => tree.find(path) ?? []),
    read: (file) => tree.read(file),
    index,
    leftBehind: {
      untracked: options.includeUntracked ? 0 : untracked.length,
      submodules: takesSubmodules ? 0 : submodules.length,
    },
  };
}

/** Paths of the files that submodules track, as seen from the repository around them. */
async function listWithin(
  root: string,
  submodules: readonly IndexEntry[],
  signal: AbortSignal,
): Promise<Buffer[]> {
  const paths: Buffer[] = [];
  for (const { path } of submodules) {
    const folder = `${root}/${path.toString()}`;
    const inner = await openRepository(folder, signal);
    // One that was never fetched is an empty folder, and what is found there is the repository around it.
    if (inner.root === root) continue;
    const entries = await listIndex(inner.git);
    const deeper = entries.filter(({ mode }) => mode === SUBMODULE_MODE);
    const files = entries.filter(({ mode }) => mode !== SUBMODULE_MODE).map((file) => file.path);
    const all = [...files, ...(await listWithin(inner.root, deeper, signal))];
    paths.push(...all.map((file) => Buffer.concat([path, Buffer.from('/'), file])));
  }
  return paths;
}

/** A path in conflict is in the index up to three times. */
function unique(paths: readonly Buffer[]): Buffer[] {
  return [...new Map(paths.map((path) => [path.toString('latin1'), path])).values()];
}

async function planCommit(start: Start): Promise<WorkspacePlan> {
  const { git } = start.repository;
  const entries = await listTree(git, start.commit);
  const files = entries.filter(({ mode }) => mode !== SUBMODULE_MODE);
  const targets = new Map<string, Buffer>();
  for (const { mode, object } of files) {
    if (mode === '120000') targets.set(object, await git.bytes(['cat-file', 'blob', object]));
  }
  const mtimeSeconds = Number(
    await git.text(['log', '-1', '--no-show-signature', '--format=%ct', start.commit]),
  );
  return {
    ...start,
    files: files.map(({ path, mode, object, sizeBytes }) => {
      const target = targets.get(object);
      const executable = mode === '100755';
      return target !== undefined && mode === '120000'
        ? { path, type: 'link', executable, sizeBytes: 0, mtimeSeconds, target }
        : { path, type: 'file', executable, sizeBytes, mtimeSeconds, object };
    }),
    read: readObjects(
      start.repository,
      files.filter(({ mode }) => mode !== '120000'),
    ),
    index: entries,
    leftBehind: { untracked: 0, submodules: entries.length - files.length },
  };
}

/** One git for all contents; it answers them in the order in which they were asked for. */
function readObjects({ git }: Repository, files: readonly IndexEntry[]) {
  const input = files.map(({ object }) => `${object}\n`).join('');
  const reader = createByteReader(git.stream(['cat-file', '--batch'], { input }));
  return async function* ({ object, sizeBytes }: WorkspaceFile) {
    await reader.skip(`${object} blob ${sizeBytes}\n`.length);
    for (let left = sizeBytes; left > 0; ) {
      const piece = await reader.takeSome(left);
      left -= piece.length;
      yield piece;
    }
    await reader.skip('\n'.length);
  };
}

function wrong(field: string, message: string): BangerError {
  return new BangerError('INVALID_FIELD', message, { metadata: { field } });
}
