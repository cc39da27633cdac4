import type { Call } from '#kit/call.ts';
import type { VmId } from '#kit/names.ts';
import { clearTraces } from './detach-lease.ts';
import type { Netd } from './ports.ts';

/** The record goes last, so that nothing is ever left that no record leads to. */
export async function releaseLease(netd: Netd, call: Call, vm: VmId): Promise<void> {
  await netd.leases.with(vm, call, async () => {
    const lease = await netd.store.find(vm);
    if (lease === undefined) return;
    await clearTraces(netd, call, lease);
    await netd.store.delete(vm);
    if (lease.mode === 'bridge') netd.taps.giveBack(lease.tapIndex);
    call.log.info('lease released', { vm });
  });
}
