import { join } from 'node:path';
import { BangerError, hasReason } from '#kit/errors.ts';
import type { Changes, WrittenFile } from './changes.ts';
import type { Content } from './contents.ts';
import { isLink } from './file-mode.ts';
import { type Git, joinNul } from './git.ts';
import type { Scratch } from './scratch.ts';

export async function setIndex(git: Git, index: string, commit: string): Promise<void> {
  const what = commit === '' ? ['--empty'] : [commit];
  await git.text(['read-tree', ...what], { env: { GIT_INDEX_FILE: index } });
}

/** The tree of the workspace as it is in the guest. Names that git refuses are refused here, by git. */
export async function writeTree(
  { git, repository, folder }: Scratch,
  { base, written, removed }: Changes,
  contents: readonly Content[],
): Promise<string> {
  const index = join(folder, 'result-index');
  const env = { GIT_INDEX_FILE: index };
  await setIndex(git, index, base);
  const keepsModes =
    (await repository.git.find(['config', '--type=bool', '--get', 'core.filemode'])) === 'false';
  const objects = new Map(contents.map(({ path, object }) => [path.toString('latin1'), object]));
  const none = '0'.repeat(base.length || 40);
  const lines = [
    ...removed.map((path) => line(`0 ${none}`, path)),
    ...written.map((file) => {
      const mode = modeOf(file, keepsModes);
      return line(`${mode} ${objects.get(file.path.toString('latin1'))}`, file.path);
    }),
  ];
  try {
    await git.text(['update-index', '-z', '--index-info'], { env, input: joinNul(lines) });
  } catch (cause) {
    if (!hasReason(cause, 'COMMAND_FAILED')) throw cause;
    throw new BangerError(
      'OPERATION_REFUSED',
      `git refuses a name that is in the guest's workspace: ${cause.message}`,
      { cause },
    );
  }
  return git.text(['write-tree'], { env });
}

function line(what: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${what}\t`), path]);
}

/** Where the user's file system has no executable bit, neither has what comes back. */
function modeOf({ mode, given }: WrittenFile, keepsModes: boolean): string {
  if (isLink(mode)) return '120000';
  if (keepsModes && given?.mode.startsWith('100')) return given.mode;
  return (mode & 0o100) === 0 ? '100644' : '100755';
}
