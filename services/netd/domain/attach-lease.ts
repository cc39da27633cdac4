import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import { undo } from '#kit/undo.ts';
import { cleanUp } from './clean-up.ts';
import { clearTraces } from './detach-lease.ts';
import { getLease } from './get-lease.ts';
import type { BridgeLease, Lease } from './lease.ts';
import { requireBridge } from './open-bridge.ts';
import type { Netd } from './ports.ts';
import { rulesOf } from './rules.ts';

export async function attachLease(netd: Netd, call: Call, vm: VmId): Promise<Lease> {
  const { mode } = await getLease(netd, vm);
  if (mode === 'bridge') await requireBridge(netd);
  return netd.leases.with(vm, call, async () => {
    const lease = await getLease(netd, vm);
    if (lease.mode === 'bridge') await attachToBridge(netd, call, lease);
    else await netd.store.setState(vm, 'attached');
    return getLease(netd, vm);
  });
}

/** The undo comes before the step: a step that failed may still have had its effect. */
async function attachToBridge(netd: Netd, call: Call, lease: BridgeLease): Promise<void> {
  await using steps = new AsyncDisposableStack();
  // Attaching again repairs; a guest that may be running keeps its network when the repair fails.
  if (lease.state !== 'attached') {
    steps.defer(undo(call.log, 'attach', () => giveUp(netd, cleanUp(call), lease)));
  }
  await netd.store.setState(lease.vm, 'attached');
  await makeLive(netd, call, lease);
  steps.move();
}

/** Whatever the record and the kernel say by now, afterwards nothing is attached. */
export async function giveUp(netd: Netd, call: Call, lease: BridgeLease): Promise<void> {
  await clearTraces(netd, call, { ...lease, state: 'detaching' });
  await netd.store.setState(lease.vm, 'detached');
}

/** Makes the kernel and DNS say what the record of an attached lease says. The caller holds the VM's lock. */
export async function makeLive(netd: Netd, call: Call, lease: BridgeLease): Promise<void> {
  await netd.taps.ensure(call, lease.tapIndex);
  await netd.host.applyRules(call, rulesOf(lease));
  netd.zone.add(lease);
}
