import type { Call } from '#kit/call.ts';
import { parseVmId, type VmId } from '#kit/names.ts';
import type { Kernel } from '../host/kernel.ts';
import { runIpBatch } from '../host/tools.ts';
import { tapName } from '../network/names.ts';
import type { RuleChanges } from '../network/rule-changes.ts';
import { deleteElements, vmRulesOf, withRules } from '../network/vm-rules.ts';

export type ClearRules = { readonly vmId: VmId };

export function parse(request: { vmId: string }): ClearRules {
  return { vmId: parseVmId(request.vmId) };
}

/**
 * Root because: packet rules and a bridge port's flags need CAP_NET_ADMIN.
 * Touches: elements of banger's own packet tables that carry this VM's id, and the isolation of its tap.
 */
export async function run(
  { call, kernel, changes }: { call: Call; kernel: Kernel; changes: RuleChanges },
  { vmId }: ClearRules,
): Promise<void> {
  await changes.make(call, async (sets) => {
    const lines = deleteElements(sets, vmId);
    if (lines.length === 0) return { lines, after: sets };
    const lifted = vmRulesOf(sets).find((rules) => rules.vmId === vmId && rules.peers);
    return {
      lines,
      after: withRules(sets, vmId),
      finish: async () => {
        call.log.info('rules cleared', { vmId });
        if (lifted !== undefined) await isolateAgain(call, kernel, lifted.tapIndex);
      },
    };
  });
}

/** The next start may not ask for peers again. The tap may be gone already. */
async function isolateAgain(call: Call, { linkOf }: Kernel, tapIndex: number): Promise<void> {
  const name = tapName(tapIndex);
  const link = linkOf(name);
  if (link === undefined || !link.tap || link.bridge === undefined || link.isolated) return;
  await runIpBatch(call, [`link set dev ${name} type bridge_slave isolated on`]);
}
