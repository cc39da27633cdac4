import type { Kysely, Selectable } from 'kysely';
import { untilAborted } from '#kit/abort.ts';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import type { VmStore } from '../domain/ports.ts';
import type { Vm } from '../domain/vm.ts';
import { formatVmRecord, parseVmRecord } from './vm-record.ts';

export type VmTables = {
  vms: {
    id: string;
    name: string;
    idempotency_key: string | null;
    created_at: number;
    last_used_at: number;
    record: string;
  };
};

type VmRow = Selectable<VmTables['vms']>;

export function openVmStore(db: Kysely<VmTables>): VmStore {
  let change = Promise.withResolvers<void>();
  const tell = () => {
    change.resolve();
    change = Promise.withResolvers();
  };
  const select = () => db.selectFrom('vms').selectAll();
  return {
    async list() {
      const rows = await select().orderBy('created_at').orderBy('id').execute();
      return rows.map(toVm);
    },
    async find(id) {
      const row = await select().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : toVm(row);
    },
    async findByKey(key) {
      const row = await select().where('idempotency_key', '=', key).executeTakeFirst();
      return row === undefined ? undefined : toVm(row);
    },
    async insert(vm) {
      await refusingTakenName(vm, () => db.insertInto('vms').values(toRow(vm)).execute());
      tell();
    },
    async update(vm) {
      // A verb holds the record while others may touch it; the later use counts.
      const { last_used_at: usedAt, ...row } = toRow(vm);
      await refusingTakenName(vm, () =>
        db
          .updateTable('vms')
          .set(({ fn, val }) => ({
            ...row,
            last_used_at: fn('max', ['last_used_at', val(usedAt)]),
          }))
          .where('id', '=', vm.id)
          .execute(),
      );
      tell();
    },
    async remove(id) {
      await db.deleteFrom('vms').where('id', '=', id).execute();
      tell();
    },
    async touch(id, usedAt) {
      await db
        .updateTable('vms')
        .set({ last_used_at: usedAt.getTime() })
        .where('id', '=', id)
        .execute();
    },
    changed() {
      const { promise } = change;
      return (signal) => untilAborted(promise, signal);
    },
  };
}

function toRow(vm: Vm): VmRow {
  return {
    id: vm.id,
    name: vm.name,
    idempotency_key: vm.idempotencyKey === '' ? null : vm.idempotencyKey,
    created_at: vm.createdAt.getTime(),
    last_used_at: vm.lastUsedAt.getTime(),
    record: formatVmRecord(vm),
  };
}

function toVm({ id, name, record, last_used_at: usedAt }: VmRow): Vm {
  try {
    return { ...parseVmRecord(record), lastUsedAt: new Date(usedAt) };
  } catch (cause) {
    throw new BangerError(
      'STATE_CORRUPT',
      `the record of vm "${printableName(name)}" cannot be read; stop vmd and restore vmd.db from a copy, or delete row "${printableName(id)}" from its table vms`,
      { cause, metadata: { vm: name, id } },
    );
  }
}

async function refusingTakenName(vm: Vm, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const isTaken = cause instanceof Error && cause.message.includes('vms.name');
    if (!isTaken) throw cause;
    throw new BangerError(
      'VM_EXISTS',
      `there is a vm "${vm.name}" already; choose another name, or delete it with: banger vm delete ${vm.name}`,
      { cause, metadata: { vm: vm.name } },
    );
  }
}
