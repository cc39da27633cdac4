import type { Call } from '#kit/call.ts';
import type { Kernel } from '../host/kernel.ts';
import { readPacketSets, type VmRules, vmRulesOf } from '../network/vm-rules.ts';

export type ListRules = Readonly<Record<string, never>>;

export function parse(_request: object): ListRules {
  return {};
}

/**
 * Root because: reading packet rules needs CAP_NET_ADMIN.
 * Touches: nothing.
 */
export async function run(
  { kernel }: { call: Call; kernel: Kernel },
  _input: ListRules,
): Promise<VmRules[]> {
  return vmRulesOf(readPacketSets(kernel.nft));
}
