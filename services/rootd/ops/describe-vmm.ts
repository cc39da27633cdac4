import type { Call } from '#kit/call.ts';
import { parseVmId, type VmId } from '#kit/names.ts';
import type { Vmm } from '../vmm/records.ts';
import type { Vmms } from '../vmm/vmms.ts';

export type DescribeVmm = { readonly vmId: VmId };

export function parse(request: { vmId: string }): DescribeVmm {
  return { vmId: parseVmId(request.vmId) };
}

/**
 * Root because: a process of another uid shows its jail to root only, and the records are root's.
 * Touches: nothing.
 */
export async function run(
  { vmms }: { call: Call; vmms: Vmms },
  { vmId }: DescribeVmm,
): Promise<Vmm | undefined> {
  return vmms.records.findVmm(vmId);
}
