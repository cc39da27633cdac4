import { join } from 'node:path';
import type { Git } from './git.ts';
import { joinNul } from './git.ts';
import { copyOwnIndex } from './guest-git.ts';
import type { WorkspacePlan } from './plan.ts';
import { listSparse, SUBMODULE_MODE } from './tracked-files.ts';

const REFS = 'refs/banger';
const AUTHOR = { name: 'banger', email: 'banger@localhost' };

/**
 * Keeps what a guest was given under a ref of banger's own in the user's repository, as a commit on top of HEAD: what
 * the guest changes is told from it later, even when the user has worked on meanwhile. Made with an index of its own;
 * the user's index and files are read only.
 */
export async function keepSnapshot(
  plan: WorkspacePlan,
  vmId: string,
  scratch: string,
): Promise<void> {
  const { repository, commit } = plan;
  const { git, head } = repository;
  const object = commit === head ? await commitFiles(plan, scratch) : commit;
  await git.text(['update-ref', '--no-deref', `${REFS}/${vmId}`, object]);
}

async function commitFiles(plan: WorkspacePlan, scratch: string): Promise<string> {
  const { git, head } = plan.repository;
  const index = join(scratch, 'snapshot-index');
  await copyOwnIndex(plan.repository, index);
  const env = { GIT_INDEX_FILE: index, ...identify(AUTHOR) };
  const { sent, missing } = await pathsOf(plan);
  const stdin = ['-z', '--stdin'];
  await git.text(['update-index', '--force-remove', ...stdin], { env, input: joinNul(missing) });
  await git.text(['update-index', '--add', ...stdin], { env, input: joinNul(sent) });
  const tree = await git.text(['write-tree'], { env });
  const parents = head === '' ? [] : ['-p', head];
  return git.text(['commit-tree', tree, ...parents, '-m', 'banger: what a guest was given'], {
    env,
  });
}

/** Files of submodules are sent, but to the repository around them a submodule is one commit. */
async function pathsOf({ repository, index, files }: WorkspacePlan) {
  const sparse = await listSparse(repository.git);
  const submodules = index.filter(({ mode }) => mode === SUBMODULE_MODE).map(keyOf);
  const isWithin = (key: string) => submodules.some((folder) => key.startsWith(`${folder}/`));
  const there = new Set(files.map(keyOf));
  const missing = index.filter((entry) => {
    const key = keyOf(entry);
    return entry.mode !== SUBMODULE_MODE && !there.has(key) && !sparse.has(key);
  });
  return {
    sent: files.filter((file) => !isWithin(keyOf(file))).map(({ path }) => path),
    missing: missing.map(({ path }) => path),
  };
}

function keyOf({ path }: { path: Buffer }): string {
  return path.toString('latin1');
}

export function identify({ name, email }: { name: string; email: string }) {
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}

/** Nothing when the workspace came from another repository, or the ref was removed. */
export function findSnapshot(git: Git, vmId: string): Promise<string | undefined> {
  return git.find(['rev-parse', '--verify', '--quiet', `${REFS}/${vmId}^{commit}`]);
}

/** Refs of machines that are gone would keep their objects for ever. */
export async function dropSnapshots(git: Git, kept: ReadonlySet<string>): Promise<void> {
  const listed = await git.text(['for-each-ref', '--format=%(refname)', REFS]);
  for (const ref of listed.split('\n')) {
    const id = ref.slice(REFS.length + 1);
    if (id !== '' && !kept.has(id)) await git.text(['update-ref', '--no-deref', '-d', ref]);
  }
}
