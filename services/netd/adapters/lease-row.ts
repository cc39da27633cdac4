import { BangerError } from '#kit/errors.ts';
import { fromNumber } from '#kit/ipv4.ts';
import { parseVmId, parseVmName } from '#kit/names.ts';
import { LEASE_STATES, type Lease, type LeaseState, NETWORK_MODES } from '../domain/lease.ts';

export type LeaseRow = {
  vm_id: string;
  vm_name: string;
  mode: string;
  address: number | null;
  tap_index: number | null;
  nat: number;
  peers: number;
  state: string;
  boot_id: string;
};

/** A record on disk is as foreign as a request: it may be from another version, or damaged. */
export function parseLeaseRow(row: LeaseRow, bootId: string): Lease {
  const mode = oneOf(NETWORK_MODES, row.mode, row);
  const terms = {
    vm: parseVmId(row.vm_id),
    name: parseVmName(row.vm_name),
    nat: row.nat === 1,
    peers: row.peers === 1,
    state: stateOf(row, bootId),
  };
  if (mode !== 'bridge') return { ...terms, mode };
  if (row.address === null || row.tap_index === null) throw corrupt(row);
  return { ...terms, mode, address: fromNumber(row.address), tapIndex: row.tap_index };
}

/** After a reboot no VM runs and the kernel has no tap and no rule, whatever the record says. */
function stateOf(row: LeaseRow, bootId: string): LeaseState {
  const state = oneOf(LEASE_STATES, row.state, row);
  return row.boot_id === bootId ? state : 'detached';
}

function oneOf<const Known extends string>(
  known: readonly Known[],
  value: string,
  row: LeaseRow,
): Known {
  const found = known.find((candidate) => candidate === value);
  if (found === undefined) throw corrupt(row);
  return found;
}

function corrupt({ vm_id }: LeaseRow): BangerError {
  return new BangerError(
    'STATE_CORRUPT',
    `the lease of vm "${vm_id}" is recorded in no known form`,
  );
}
