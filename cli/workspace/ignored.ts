import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Vm, WorkspaceEntry } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { type ContentLimit, fetchContents } from './contents.ts';
import { isLink } from './file-mode.ts';
import { joinNul, splitNul } from './git.ts';
import { readExcludes } from './guest-git.ts';
import type { Scratch } from './scratch.ts';
import { setIndex } from './scratch-tree.ts';

type Found = { base: string; old: readonly WorkspaceEntry[]; fresh: readonly WorkspaceEntry[] };

/** Rules are text that people write; what is larger is none. */
const RULES_LIMIT: ContentLimit = { totalBytes: 4 * 2 ** 20 };

/**
 * Leaves out what the rules of .gitignore say, by git itself: first by the rules that the guest was given, then by
 * those it wrote. git reads them from an index, so that no file of the guest's is made here.
 */
export async function filterIgnored(
  context: Context,
  vm: Vm,
  scratch: Scratch,
  { base, old, fresh }: Found,
): Promise<WorkspaceEntry[]> {
  const { repository, git } = scratch;
  if (fresh.length === 0) return [];
  writeFileSync(join(scratch.folder, 'scratch.git/info/exclude'), await readExcludes(repository));
  const index = join(scratch.folder, 'ignore-index');
  const env = { GIT_INDEX_FILE: index };
  await setIndex(git, index, base);
  const ask = async (entries: readonly WorkspaceEntry[]) => {
    await hideRules(scratch, env);
    const input = joinNul(entries.map(({ path }) => path));
    // Status 1 says that nothing is ignored.
    const ignored = await git.findBytes(['check-ignore', '-z', '--stdin'], { env, input });
    const names = new Set(
      splitNul(ignored ?? Buffer.alloc(0)).map((path) => path.toString('latin1')),
    );
    return entries.filter(({ path }) => !names.has(path.toString('latin1')));
  };
  const candidates = await ask(fresh);
  const rules = [...old, ...candidates].filter(
    ({ path, mode }) => /(?:^|\/)\.gitignore$/.test(path.toString('latin1')) && !isLink(mode),
  );
  if (rules.length === 0) return candidates;
  const contents = await fetchContents(context, vm, scratch, rules, RULES_LIMIT);
  await git.text(['update-index', '-z', '--index-info'], {
    env,
    input: joinNul(
      contents.map(({ path, object }) => Buffer.concat([Buffer.from(`100644 ${object}\t`), path])),
    ),
  });
  return ask(candidates);
}

/** git reads the rules of a folder from the index only where the index says that the file is not there. */
async function hideRules({ git }: Scratch, env: { GIT_INDEX_FILE: string }): Promise<void> {
  const all = splitNul(await git.bytes(['ls-files', '-z', '--cached'], { env }));
  const rules = all.filter((path) => /(?:^|\/)\.gitignore$/.test(path.toString('latin1')));
  if (rules.length === 0) return;
  await git.text(['update-index', '--skip-worktree', '-z', '--stdin'], {
    env,
    input: joinNul(rules),
  });
}
