import {
  type Vm,
  VmServiceDefinition,
  type Workspace,
  WorkspaceMode,
} from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { findStaleness } from './staleness.ts';

/**
 * Before a command runs in a workspace: where the repository has moved on, the guest is brought up to date when that
 * is asked for, and otherwise people are told.
 */
export async function freshenWorkspace(
  context: Context,
  reference: string,
  autoPrepare: boolean,
): Promise<void> {
  const { clients, out, signal } = context;
  if (!autoPrepare && !out.stderr.isTTY) return;
  const vms = clients.of('vmd', VmServiceDefinition);
  const { vm } = await vms.getVm({ vm: reference }, { signal });
  const workspace = vm?.workspace;
  if (vm === undefined || workspace === undefined) return;
  const stale = await findStaleness(workspace, signal);
  if (stale === undefined) return;
  if (autoPrepare) return prepareAgain(context, vm, workspace);
  out.note(
    `"${workspace.hostPath}" has moved on to ${stale.current.slice(0, 12)} since the guest got it; --auto-prepare brings the guest up to date`,
  );
}

/** Loaded only when it happens: most commands find everything as it was. */
async function prepareAgain(context: Context, vm: Vm, workspace: Workspace): Promise<void> {
  const { planWorkspace } = await import('./plan.ts');
  const { prepareWorkspace } = await import('./prepare.ts');
  const { hostPath, guestPath, readOnly, mode } = workspace;
  const options = {
    path: hostPath,
    mode: mode === WorkspaceMode.FULL_COPY ? ('full-copy' as const) : ('overlay' as const),
    branch: await findGuestBranch(context, workspace),
    from: '',
    readOnly,
    includeUntracked: false,
  };
  const plan = await planWorkspace(options, context.signal);
  await prepareWorkspace(context, vm, plan, { guestPath, force: false, shown: { mode: 'off' } });
}

/** A branch that is not here is the guest's own, and stays checked out there. */
async function findGuestBranch({ signal }: Context, { hostPath, branch }: Workspace) {
  const { openRepository } = await import('./repository.ts');
  const { git } = await openRepository(hostPath, signal);
  if (branch === '') return '';
  const ref = await git.find(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]);
  return ref === undefined ? branch : '';
}
