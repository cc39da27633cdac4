import { parseIpv4 } from '#kit/ipv4.ts';
import { parseVmName } from '#kit/names.ts';
import type { BridgeLease } from '../domain/lease.ts';
import { vmId } from './netd-lab.ts';

/** An attached lease, as the zone of names takes it. */
export function guestLease(
  number: number,
  name: string,
  terms: Partial<BridgeLease> = {},
): BridgeLease {
  return {
    vm: vmId(number),
    name: parseVmName(name),
    mode: 'bridge',
    address: parseIpv4(`172.30.0.${number}`),
    tapIndex: number,
    nat: false,
    peers: false,
    state: 'attached',
    ...terms,
  };
}
