import type { Input, Option } from '../command.ts';
import type { Context } from '../context.ts';
import { optionText } from '../input.ts';
import { UsageError } from '../output/error.ts';
import { count, tellLeftBehind } from './left-behind.ts';
import type { WorkspaceOptions, WorkspacePlan } from './plan.ts';
import { planWorkspace } from './plan.ts';

const MODES = ['overlay', 'full-copy'] as const;

/** What to take of a repository: for run and prepare alike. */
export const WORKSPACE_OPTIONS: readonly Option[] = [
  { spelling: '--branch <branch>', description: 'check out a new branch in the guest' },
  { spelling: '--from <commit>', description: 'where that branch begins; HEAD when not given' },
  {
    spelling: '--include-untracked',
    description: 'take untracked files along; ignored ones never',
  },
  {
    spelling: '--readonly',
    description: 'without write permission; root in the guest can give it',
  },
  {
    spelling: '--mode <mode>',
    description: 'overlay: the last commit; full-copy: all history, and submodules',
    completes: MODES,
  },
  { spelling: '--dry-run', description: 'list the files that would be sent, and send nothing' },
];

export function readWorkspaceOptions(
  input: Input,
  path: string,
  command: string,
): WorkspaceOptions {
  const given = optionText(input, 'mode') ?? 'overlay';
  const mode = MODES.find((known) => known === given);
  if (mode === undefined) {
    throw new UsageError(`--mode is ${MODES.join(' or ')}, not "${given}"`, command);
  }
  const branch = optionText(input, 'branch') ?? '';
  const from = optionText(input, 'from') ?? '';
  if (from !== '' && branch === '') {
    throw new UsageError('--from says where a branch begins; name it with --branch', command);
  }
  const { readonly: readOnly, includeUntracked } = input.options;
  return {
    path,
    mode,
    branch,
    from,
    readOnly: readOnly === true,
    includeUntracked: includeUntracked === true,
  };
}

export function readPlan(
  context: Context,
  input: Input,
  path: string,
  command: string,
): Promise<WorkspacePlan> {
  return planWorkspace(readWorkspaceOptions(input, path, command), context.signal);
}

/** What --dry-run prints: each file on a line, and what they are in all. */
export function printPlan(context: Context, plan: WorkspacePlan): void {
  const { out } = context;
  const paths = plan.files.map(({ path }) => path.toString());
  const { mode } = plan.options;
  const { commit, branch } = plan;
  const bytes = plan.files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  out.result({ mode, branch, commit, bytes, files: paths }, () => paths.join('\n'));
  out.note(`${mode}: ${count(paths.length, 'file')} of "${plan.repository.name}"`);
  tellLeftBehind(context, plan);
}
