import type { Call } from '#kit/call.ts';
import type { Vmm } from '../vmm/records.ts';
import type { Vmms } from '../vmm/vmms.ts';

export type ListVmms = Readonly<Record<string, never>>;

export function parse(_request: object): ListVmms {
  return {};
}

/**
 * Root because: a process of another uid shows its jail to root only, and the records are root's.
 * Touches: nothing.
 */
export async function run(
  { vmms: { records } }: { call: Call; vmms: Vmms },
  _input: ListVmms,
): Promise<Vmm[]> {
  return records.vmIds().flatMap((vmId) => records.findVmm(vmId) ?? []);
}
