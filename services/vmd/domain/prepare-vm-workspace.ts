import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { findVm } from './find-vm.ts';
import type { Guest } from './guest.ts';
import { awaitGuest } from './live-vms.ts';
import type { Vmd } from './ports.ts';
import { touch } from './touch-vm.ts';
import type { Vm, Workspace } from './vm.ts';
import { withVm } from './with-vm.ts';

/** The last file of every archive of a workspace. What changes later than it changed in the guest. */
export const LAST_FILE = '.git/banger-prepared';

export type PrepareWorkspace = Omit<Workspace, 'preparedAt' | 'settledAt'>;

/**
 * Unpacks a repository into the guest and records it as the VM's workspace. The guest is at work without the VM's
 * lock, so that a stalled archive keeps nobody from stopping it.
 */
export async function prepareVmWorkspace(
  vmd: Vmd,
  call: Call,
  { vm: reference, workspace }: { vm: string; workspace: PrepareWorkspace },
  tar: AsyncIterable<Uint8Array>,
  report: Report,
): Promise<Vm> {
  const { id } = await findVm(vmd, reference);
  return vmd.workspaceLocks.with(id, call.signal, async () => {
    const vm = await findVm(vmd, id);
    const guest = await awaitGuest(vmd.live, call, vm);
    await touch(vmd, vm);
    const { guestPath } = workspace;
    await runStage(report, 'unpack workspace', async (tell) => {
      const { entries } = await guest.unpack(call, { guestPath, owner: '' }, tar);
      tell(`${entries} files`);
    });
    const settledAt = await findChangeOfLastFile(guest, call, guestPath);
    return record(vmd, call, vm, { ...workspace, settledAt });
  });
}

async function findChangeOfLastFile(guest: Guest, call: Call, guestPath: string): Promise<Date> {
  const [folder = '', leaf] = LAST_FILE.split('/');
  for await (const { name, changedAt } of guest.list(call, Buffer.from(`${guestPath}/${folder}`))) {
    if (name.toString() === leaf) return changedAt;
  }
  throw new BangerError('INVALID_FIELD', `the archive must end with the file "${LAST_FILE}"`, {
    metadata: { field: 'chunk' },
  });
}

function record(
  vmd: Vmd,
  call: Call,
  { id }: Vm,
  workspace: Omit<Workspace, 'preparedAt'>,
): Promise<Vm> {
  return withVm(vmd, call, id, async (vm) => {
    const prepared = { ...vm, workspace: { ...workspace, preparedAt: vmd.host.now() } };
    await vmd.store.update(prepared);
    return prepared;
  });
}
