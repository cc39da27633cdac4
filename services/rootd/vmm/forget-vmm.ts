import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { VmId } from '#kit/names.ts';
import { removeCgroup } from './cgroup.ts';
import { isLocked } from './jail.ts';
import type { Vmms } from './vmms.ts';

/**
 * Removes what a dead VMM leaves on the host: its control group and its record, and with the record the claim
 * on its uid. Its root, mounts and network went with the process. Refuses while anything of it lives.
 */
export async function forgetVmm(call: Call, vmms: Vmms, vmId: VmId): Promise<void> {
  const { records, settings } = vmms;
  const program = await vmms.jail(call.signal);
  const held = await isLocked(call, program, records.pathOf(vmId));
  if (held || records.findVmm(vmId) !== undefined) {
    throw new BangerError('VM_RUNNING', `vm "${vmId}" has a VMM that runs; stop it first`, {
      metadata: { vm: vmId },
    });
  }
  removeCgroup(settings.cgroup, vmId);
  records.remove(vmId);
}
