import type { Kysely } from 'kysely';
import { BangerError } from '#kit/errors.ts';
import { Fields } from '#kit/fields.ts';
import { parseImageName, parseVmId } from '#kit/names.ts';
import type { Kernel } from '../../domain/kernel.ts';
import type { KernelStore } from '../../domain/kernel-ports.ts';

export type KernelTables = {
  kernels: { id: string; name: string; created_at: number; record: string };
  kernel_leases: { vm_id: string; kernel_id: string };
};

export function openKernelStore(db: Kysely<KernelTables>): KernelStore {
  const holders = async (kernelId: string) => {
    const rows = await db
      .selectFrom('kernel_leases')
      .select('vm_id')
      .where('kernel_id', '=', kernelId)
      .execute();
    return rows.map((row) => parseVmId(row.vm_id));
  };
  return {
    async list() {
      const rows = await db.selectFrom('kernels').selectAll().orderBy('name').execute();
      return rows.map(({ record }) => parseKernel(record));
    },
    publish: (kernel) =>
      db.transaction().execute(async (change) => {
        const before = await change
          .selectFrom('kernels')
          .selectAll()
          .where('name', '=', kernel.name)
          .executeTakeFirst();
        if (before !== undefined) {
          await refusingHeld(kernel.name, () =>
            change.deleteFrom('kernels').where('id', '=', before.id).execute(),
          );
        }
        await change.insertInto('kernels').values(toRow(kernel)).execute();
        return before === undefined ? undefined : parseKernel(before.record);
      }),
    async remove(id) {
      const vmIds = await holders(id);
      if (vmIds.length > 0) throw inUse(id, vmIds);
      await refusingHeld(id, () => db.deleteFrom('kernels').where('id', '=', id).execute());
    },
    async lease(vmId, kernelId) {
      await db
        .insertInto('kernel_leases')
        .values({ vm_id: vmId, kernel_id: kernelId })
        .onConflict((conflict) => conflict.column('vm_id').doUpdateSet({ kernel_id: kernelId }))
        .execute();
    },
    async release(vmId) {
      await db.deleteFrom('kernel_leases').where('vm_id', '=', vmId).execute();
    },
    holders,
    async leases() {
      const rows = await db.selectFrom('kernel_leases').selectAll().execute();
      return rows.map((row) => ({ vmId: parseVmId(row.vm_id), kernelId: row.kernel_id }));
    },
  };
}

function toRow(kernel: Kernel) {
  const { id, name, createdAt } = kernel;
  return { id, name, created_at: createdAt.getTime(), record: JSON.stringify(kernel) };
}

function parseKernel(text: string): Kernel {
  const from = new Fields(JSON.parse(text), 'kernel');
  return {
    id: from.text('id'),
    name: parseImageName(from.text('name')),
    release: from.text('release'),
    source: from.text('source'),
    digest: from.text('digest'),
    architecture: from.text('architecture'),
    drivers: from.texts('drivers'),
    createdAt: from.date('createdAt'),
  };
}

/** The foreign key is what decides: a VM may have taken its lease in the meantime. */
async function refusingHeld(what: string, remove: () => Promise<unknown>): Promise<void> {
  try {
    await remove();
  } catch (cause) {
    const isHeld = cause instanceof Error && cause.message.includes('FOREIGN KEY');
    throw isHeld ? inUse(what, [], cause) : cause;
  }
}

function inUse(what: string, vmIds: readonly string[], cause?: unknown): BangerError {
  const by = vmIds.length === 0 ? 'a vm' : `vm ${vmIds.join(', ')}`;
  return new BangerError('IMAGE_IN_USE', `kernel "${what}" is in use by ${by}; delete that first`, {
    cause,
    metadata: { kernel: what, vms: vmIds.join(',') },
  });
}
