import type { Call } from '#kit/call.ts';
import { parseVmId, type VmId } from '#kit/names.ts';
import { runIpBatch, runNft } from '../host/tools.ts';
import { findTap, readLinks } from '../network/links.ts';
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
export async function run({ call }: { call: Call }, { vmId }: ClearRules): Promise<void> {
  const sets = await readPacketSets(call);
  const lines = deleteElements(sets, vmId);
  if (lines.length === 0) return;
  await runNft(call, lines.join('\n'));
  call.log.info('rules cleared', { vmId });
  const lifted = vmRulesOf(sets).find((rules) => rules.vmId === vmId && rules.peers);
  if (lifted !== undefined) await isolateAgain(call, lifted.tapIndex);
}

/** The tap goes back to the pool as it came from there. It may be gone already. */
async function isolateAgain(call: Call, tapIndex: number): Promise<void> {
  const name = tapName(tapIndex);
  const tap = findTap(await readLinks(call), name);
  if (tap?.master === undefined || tap.isolated) return;
  await runIpBatch(call, [`link set dev ${name} type bridge_slave isolated on`]);
}
