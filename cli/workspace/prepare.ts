import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type PrepareVmWorkspaceRequest,
  type Vm,
  VmServiceDefinition,
  type Workspace,
  WorkspaceMode,
} from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import type { ShownStages } from '../shown-stages.ts';
import { followStages } from '../staged.ts';
import { archiveWorkspace } from './archive.ts';
import { clearPlace } from './clear-place.ts';
import { makeGuestGit } from './guest-git.ts';
import type { WorkspacePlan } from './plan.ts';
import { dropSnapshots, keepSnapshot } from './snapshot.ts';

/** Where a workspace lies in a guest unless told otherwise. */
export const GUEST_PATH = '/root/repo';

export type PrepareOptions = {
  guestPath: string;
  /** Whether what was changed in the guest may be overwritten. */
  force: boolean;
  shown: ShownStages;
};

/** Puts a planned workspace into a guest, and keeps here what the guest was given. */
export async function prepareWorkspace(
  context: Context,
  vm: Vm,
  plan: WorkspacePlan,
  options: PrepareOptions,
): Promise<Workspace> {
  const vms = context.clients.of('vmd', VmServiceDefinition);
  const { git } = plan.repository;
  const scratch = mkdtempSync(join(tmpdir(), 'banger-workspace-'));
  try {
    await clearPlace(context, vm, plan, options);
    const files = await makeGuestGit(plan, scratch);
    const start = { vm: vm.id, workspace: describe(plan, options.guestPath) };
    const wasReadOnly = vm.workspace?.readOnly === true;
    const requests = request(start, archiveWorkspace(plan, files, { wasReadOnly }));
    const parts = vms.prepareVmWorkspace(requests, { signal: context.signal });
    const workspace = await followStages(context, parts, 'workspace', options.shown);
    await keepSnapshot(plan, vm.id, scratch);
    const { vms: known } = await vms.listVms({}, { signal: context.signal });
    await dropSnapshots(git, new Set(known.map(({ id }) => id)));
    return workspace;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function describe(plan: WorkspacePlan, guestPath: string): Workspace {
  const { repository, options, branch } = plan;
  return {
    guestPath,
    hostPath: repository.root,
    headCommit: repository.head,
    branch,
    mode: options.mode === 'overlay' ? WorkspaceMode.OVERLAY : WorkspaceMode.FULL_COPY,
    readOnly: options.readOnly,
    preparedAt: undefined,
  };
}

async function* request(
  start: { vm: string; workspace: Workspace },
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<{ part: NonNullable<PrepareVmWorkspaceRequest['part']> }, void> {
  yield { part: { $case: 'start', value: start } };
  for await (const chunk of chunks) yield { part: { $case: 'chunk', value: chunk } };
}
