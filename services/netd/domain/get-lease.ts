import { BangerError } from '#kit/errors.ts';
import type { VmId } from '#kit/names.ts';
import type { Lease } from './lease.ts';
import type { Netd } from './ports.ts';

export async function getLease(netd: Netd, vm: VmId): Promise<Lease> {
  const lease = await netd.store.find(vm);
  if (lease !== undefined) return lease;
  throw new BangerError('VM_NOT_FOUND', `vm "${vm}" has no network lease; acquire one first`, {
    metadata: { vm },
  });
}
