import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import type { Lease } from './lease.ts';
import type { Netd } from './ports.ts';

/** The tap stays the VM's for its next start. */
export async function detachLease(netd: Netd, call: Call, vm: VmId): Promise<void> {
  await netd.leases.with(vm, call, async () => {
    const lease = await netd.store.find(vm);
    if (lease === undefined || lease.state === 'detached') return;
    await clearTraces(netd, call, lease);
    await netd.store.setState(vm, 'detached');
  });
}

/**
 * Leaves of a lease only its record; the caller holds the VM's lock and writes what the record says next. What is
 * not finished here, because rootd is away or a process ended, is found as "detaching" and finished later.
 */
export async function clearTraces(
  netd: Netd,
  call: Call,
  { vm, mode, state }: Lease,
): Promise<void> {
  if (mode !== 'bridge' || state === 'detached') return;
  await netd.store.setState(vm, 'detaching');
  netd.zone.remove(vm);
  await netd.host.clearRules(call, vm);
}
