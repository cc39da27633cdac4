import type { Call } from '#kit/call.ts';
import { parseVmId, type VmId } from '#kit/names.ts';
import { forgetVmm } from '../vmm/forget-vmm.ts';
import type { Vmms } from '../vmm/vmms.ts';

export type ReapVmm = { readonly vmId: VmId };

export function parse(request: { vmId: string }): ReapVmm {
  return { vmId: parseVmId(request.vmId) };
}

/**
 * Root because: the control group and the record are root's.
 * Touches: the VM's control group and its record in rootd's own folder, when no VMM lives.
 */
export async function run(
  { call, vmms }: { call: Call; vmms: Vmms },
  { vmId }: ReapVmm,
): Promise<void> {
  await forgetVmm(call, vmms, vmId);
  call.log.info('vmm reaped', { vmId });
}
