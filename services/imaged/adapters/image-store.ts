import type { Kysely, Transaction } from 'kysely';
import { BangerError } from '#kit/errors.ts';
import { parseVmId, type VmId } from '#kit/names.ts';
import { type Image, type ImageId, parseImageId, supersededName } from '../domain/image.ts';
import { nameTaken } from '../domain/make-image.ts';
import type { ImageStore, Lease } from '../domain/ports.ts';
import { formatImageRecord, parseImageRecord } from './image-record.ts';
import { nameFullDisk } from './name-full-disk.ts';

export type ImageTables = {
  images: { id: string; name: string; created_at: number; record: string };
  image_leases: { vm_id: string; image_id: string };
  kernel_leases: { vm_id: string; kernel_id: string };
};

type Database = Kysely<ImageTables>;

export function openImageStore(db: Database): ImageStore {
  return {
    async list() {
      const rows = await db.selectFrom('images').selectAll().orderBy('name').execute();
      return rows.map(({ record }) => parseImageRecord(record));
    },
    find: (id) => findBy(db, 'id', id),
    findByName: (name) => findBy(db, 'name', name),
    publish: (image, replace) =>
      nameFullDisk('records', () =>
        db.transaction().execute((within) => publish(within, image, replace)),
      ),
    async update(image) {
      await db.updateTable('images').set(toRow(image)).where('id', '=', image.id).execute();
    },
    remove: (id) =>
      db.transaction().execute(async (within) => {
        const image = await findBy(within, 'id', id);
        const holders = await holdersOf(within, id);
        if (image !== undefined && holders.length > 0) throw inUse(image, holders);
        await within.deleteFrom('images').where('id', '=', id).execute();
        return image !== undefined;
      }),
    lease: (vmId, imageId) =>
      nameFullDisk('records', () =>
        db.transaction().execute((within) => lease(within, vmId, imageId)),
      ),
    release: (vmId) => db.transaction().execute((within) => release(within, vmId)),
    leases: () => listLeases(db),
  };
}

async function findBy(
  db: Database,
  column: 'id' | 'name',
  value: string,
): Promise<Image | undefined> {
  const row = await db
    .selectFrom('images')
    .select('record')
    .where(column, '=', value)
    .executeTakeFirst();
  return row === undefined ? undefined : parseImageRecord(row.record);
}

async function publish(
  within: Transaction<ImageTables>,
  image: Image,
  replace: boolean,
): Promise<ImageId | undefined> {
  const before = await findBy(within, 'name', image.name);
  if (before !== undefined && !replace) throw nameTaken(before);
  const gone = before === undefined ? undefined : await makeRoom(within, before);
  await within.insertInto('images').values(toRow(image)).execute();
  return gone;
}

/** Takes the name from an image: it goes, or stays for those who hold it. Answers it when it went. */
async function makeRoom(
  within: Transaction<ImageTables>,
  image: Image,
): Promise<ImageId | undefined> {
  const holders = await holdersOf(within, image.id);
  if (holders.length === 0) {
    await within.deleteFrom('images').where('id', '=', image.id).execute();
    return image.id;
  }
  const kept = { ...image, name: supersededName(image), isSuperseded: true };
  await within.updateTable('images').set(toRow(kept)).where('id', '=', image.id).execute();
  return undefined;
}

async function lease(
  within: Transaction<ImageTables>,
  vmId: VmId,
  imageId: ImageId,
): Promise<void> {
  if ((await findBy(within, 'id', imageId)) === undefined) {
    throw new BangerError('IMAGE_NOT_FOUND', `image "${imageId}" was deleted meanwhile`);
  }
  const held = await heldBy(within, vmId);
  if (held === imageId) return;
  if (held !== undefined) {
    throw new BangerError(
      'OPERATION_REFUSED',
      `vm "${vmId}" holds image "${held}" already; release that first`,
      { metadata: { vm: vmId, image: held } },
    );
  }
  await within.insertInto('image_leases').values({ vm_id: vmId, image_id: imageId }).execute();
}

async function release(within: Transaction<ImageTables>, vmId: VmId): Promise<ImageId | undefined> {
  const held = await heldBy(within, vmId);
  if (held === undefined) return undefined;
  await within.deleteFrom('image_leases').where('vm_id', '=', vmId).execute();
  const image = await findBy(within, 'id', held);
  if (image?.isSuperseded !== true || (await holdersOf(within, held)).length > 0) return undefined;
  await within.deleteFrom('images').where('id', '=', held).execute();
  return held;
}

async function heldBy(db: Database, vmId: VmId): Promise<ImageId | undefined> {
  const row = await db
    .selectFrom('image_leases')
    .select('image_id')
    .where('vm_id', '=', vmId)
    .executeTakeFirst();
  return row === undefined ? undefined : parseImageId(row.image_id);
}

async function holdersOf(db: Database, id: ImageId): Promise<VmId[]> {
  const rows = await db
    .selectFrom('image_leases')
    .select('vm_id')
    .where('image_id', '=', id)
    .orderBy('vm_id')
    .execute();
  return rows.map((row) => parseVmId(row.vm_id));
}

async function listLeases(db: Database): Promise<Lease[]> {
  const [images, kernels] = await Promise.all([
    db.selectFrom('image_leases').selectAll().orderBy('vm_id').execute(),
    db.selectFrom('kernel_leases').select('vm_id').orderBy('vm_id').execute(),
  ]);
  const known = new Set(images.map((row) => row.vm_id));
  const others = kernels.filter((row) => !known.has(row.vm_id));
  return [
    ...images.map((row) => ({ vmId: parseVmId(row.vm_id), imageId: parseImageId(row.image_id) })),
    ...others.map((row) => ({ vmId: parseVmId(row.vm_id), imageId: undefined })),
  ];
}

function toRow(image: Image): ImageTables['images'] {
  const { id, name, createdAt } = image;
  return { id, name, created_at: createdAt.getTime(), record: formatImageRecord(image) };
}

function inUse({ name }: Image, holders: readonly VmId[]): BangerError {
  const vms = holders.map((id) => `"${id}"`).join(', ');
  return new BangerError(
    'IMAGE_IN_USE',
    `image "${name}" is in use by vm ${vms}; delete with: banger vm delete ${holders.join(' ')}`,
    { metadata: { image: name, vms: holders.join(' ') } },
  );
}
