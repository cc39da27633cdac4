import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import { undo } from '#kit/undo.ts';
import { cleanUp } from './clean-up.ts';
import { hasName } from './dns-zone.ts';
import { getLease } from './get-lease.ts';
import { type BridgeLease, type Changes, type Lease, refuseImpossible } from './lease.ts';
import type { Netd } from './ports.ts';
import { areSameRules, rulesOf } from './rules.ts';

export async function setLease(netd: Netd, call: Call, vm: VmId, changes: Changes): Promise<Lease> {
  return netd.leases.with(vm, call, async () => {
    const before = await getLease(netd, vm);
    refuseImpossible({ ...before, ...changes });
    await using steps = new AsyncDisposableStack();
    steps.defer(undo(call.log, 'set', () => restore(netd, cleanUp(call), before)));
    const after = await netd.store.update(vm, changes);
    if (hasName(before) && hasName(after)) await change(netd, call, before, after);
    steps.move();
    return after;
  });
}

async function change(netd: Netd, call: Call, from: BridgeLease, to: BridgeLease): Promise<void> {
  if (!areSameRules(rulesOf(from), rulesOf(to))) await netd.host.applyRules(call, rulesOf(to));
  netd.zone.add(to);
}

/** A failed change may have reached the kernel or not; applying the old terms again is right either way. */
async function restore(netd: Netd, call: Call, before: Lease): Promise<void> {
  const { vm, name, nat, peers } = before;
  await netd.store.update(vm, { name, nat, peers });
  if (!hasName(before)) return;
  netd.zone.add(before);
  await netd.host.applyRules(call, rulesOf(before));
}
