import type { Call } from '#kit/call.ts';
import { parseVmId, type VmId } from '#kit/names.ts';
import type { Kernel } from '../host/kernel.ts';
import { runIpBatch } from '../host/tools.ts';
import { tapName } from '../network/names.ts';
import { deleteElements, readPacketSets, vmRulesOf } from '../network/vm-rules.ts';

export type ClearRules = { readonly vmId: VmId };

export function parse(request: { vmId: string }): ClearRules {
  return { vmId: parseVmId(request.vmId) };
}

/**
 * Root because: packet rules and a bridge port's flags need CAP_NET_ADMIN.
 * Touches: elements of banger's own packet tables that carry this VM's id, and the isolation of its tap.
 */
export async function run(
  { call, kernel }: { call: Call; kernel: Kernel },
  { vmId }: ClearRules,
): Promise<void> {
  const sets = readPacketSets(kernel.nft);
  const lines = deleteElements(sets, vmId);
  if (lines.length === 0) return;
  kernel.nft.change(lines.join('\n'));
  call.log.info('rules cleared', { vmId });
  const lifted = vmRulesOf(sets).find((rules) => rules.vmId === vmId && rules.peers);
  if (lifted !== undefined) await isolateAgain(call, kernel, lifted.tapIndex);
}

/** The next start may not ask for peers again. The tap may be gone already. */
async function isolateAgain(call: Call, { linkOf }: Kernel, tapIndex: number): Promise<void> {
  const name = tapName(tapIndex);
  const link = linkOf(name);
  if (link === undefined || !link.tap || link.bridge === undefined || link.isolated) return;
  await runIpBatch(call, [`link set dev ${name} type bridge_slave isolated on`]);
}
