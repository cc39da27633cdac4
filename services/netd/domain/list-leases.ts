import type { Lease } from './lease.ts';
import type { Netd } from './ports.ts';

/** All leases from one snapshot, oldest first. */
export function listLeases(netd: Netd): Promise<Lease[]> {
  return netd.store.list();
}
