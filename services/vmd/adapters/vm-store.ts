import type { Kysely } from 'kysely';
import { BangerError } from '#kit/errors.ts';
import { parseVmId, parseVmName } from '#kit/names.ts';
import type { VmStore } from '../domain/ports.ts';
import { VM_STATES, type Vm } from '../domain/vm.ts';

export type VmRow = { id: string; name: string; state: string; created_at: number };
export type VmTables = { vms: VmRow };

export function openVmStore(db: Kysely<VmTables>): VmStore {
  return {
    async list() {
      const rows = await db.selectFrom('vms').selectAll().orderBy('created_at').execute();
      return rows.map(parseRow);
    },
  };
}

/** A record on disk is as foreign as a request: it may be from another version, or damaged. */
function parseRow(row: VmRow): Vm {
  const state = VM_STATES.find((known) => known === row.state);
  if (state === undefined) {
    throw new BangerError('STATE_CORRUPT', `vm "${row.id}" is recorded in no known state`);
  }
  return {
    id: parseVmId(row.id),
    name: parseVmName(row.name),
    state,
    createdAt: new Date(row.created_at),
  };
}
