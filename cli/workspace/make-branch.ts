import { Readable } from 'node:stream';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { Exported } from './export.ts';
import { identify } from './snapshot.ts';

/**
 * Makes a branch of an exported workspace: one commit on top of the commit that the workspace was prepared from. Only
 * now does anything of the guest's enter the user's repository, and git checks each object on the way. Nothing is
 * checked out.
 */
export async function makeBranch(
  exported: Exported,
  { branch, parent, message }: { branch: string; parent: string; message: string },
): Promise<string> {
  const { repository, scratch, tree } = exported;
  const { git } = repository;
  const ref = `refs/heads/${branch}`;
  if ((await git.find(['check-ref-format', ref])) === undefined) {
    throw wrong(`"${printableName(branch)}" cannot name a branch; see: git help check-ref-format`);
  }
  if ((await git.find(['rev-parse', '--verify', '--quiet', ref])) !== undefined) {
    throw wrong(
      `branch "${branch}" is there already; choose another name, or delete it with: git branch -D ${branch}`,
    );
  }
  const { name, email } = repository.identity;
  const env = identify({ name: name || 'banger', email: email || 'banger@localhost' });
  const parents = parent === '' ? [] : ['-p', parent];
  const commit = await scratch.git.text(['commit-tree', tree, ...parents, '-m', message], { env });
  // Objects that the user's repository has are not packed again.
  const pack = ['pack-objects', '--quiet', '--revs', '--local', '--stdout'];
  const without = parent === '' ? '' : `^${parent}\n`;
  const packed = scratch.git.stream(pack, { input: `${commit}\n${without}` });
  await git.text(['index-pack', '--stdin', '--strict'], { input: Readable.from(packed) });
  const none = '0'.repeat(commit.length);
  await git.text(['update-ref', '--no-deref', '-m', 'banger: export', ref, commit, none]);
  return commit;
}

function wrong(message: string): BangerError {
  return new BangerError('INVALID_FIELD', message, { metadata: { field: 'branch' } });
}
