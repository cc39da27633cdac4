import type { Generated, Kysely, Transaction } from 'kysely';
import { BangerError } from '#kit/errors.ts';
import { formatSubnet, toNumber } from '#kit/ipv4.ts';
import type { AddressPool } from '../domain/address-pool.ts';
import type { Changes, Wish } from '../domain/lease.ts';
import type { LeaseStore } from '../domain/ports.ts';
import { type LeaseRow, parseLeaseRow } from './lease-row.ts';

/** SQLite numbers the rows. */
type Turn = { turn: Generated<number> };
export type LeaseTables = {
  leases: LeaseRow & Turn;
  released_addresses: { address: number } & Turn;
};

type Database = Kysely<LeaseTables> | Transaction<LeaseTables>;

export function openLeaseStore(
  db: Kysely<LeaseTables>,
  pool: AddressPool,
  bootId: string,
): LeaseStore {
  const parse = (row: LeaseRow) => parseLeaseRow(row, bootId);
  return {
    async list() {
      const rows = await db.selectFrom('leases').selectAll().orderBy('turn').execute();
      return rows.map(parse);
    },
    async find(vm) {
      const row = await selectLease(db, vm);
      return row === undefined ? undefined : parse(row);
    },
    async insert(wish) {
      const row = { ...toRow(wish, bootId), address: null, tap_index: null };
      await db.insertInto('leases').values(row).execute();
      return parse(row);
    },
    insertBridge: (wish, tapIndex) =>
      db.transaction().execute(async (transaction) => {
        const address = await takeAddress(transaction, pool);
        const row = { ...toRow(wish, bootId), address, tap_index: tapIndex };
        await transaction.insertInto('leases').values(row).execute();
        return parse(row);
      }),
    async setState(vm, state) {
      const change = { state, boot_id: bootId };
      await db.updateTable('leases').set(change).where('vm_id', '=', vm).execute();
    },
    update: (vm, changes) =>
      db.transaction().execute(async (transaction) => {
        const row = { ...(await getRow(transaction, vm)), ...toColumns(changes) };
        await transaction.updateTable('leases').set(row).where('vm_id', '=', vm).execute();
        return parse(row);
      }),
    delete: (vm) => db.transaction().execute((transaction) => deleteLease(transaction, vm)),
  };
}

/** Released addresses wait as long as the pool allows: caches of neighbours and names outlive a VM. */
async function takeAddress(db: Database, pool: AddressPool): Promise<number> {
  const [first, last] = [toNumber(pool.first), toNumber(pool.last)];
  const highest = await highestUsed(db, first, last);
  if (highest < last) return highest + 1;
  const oldest = await db
    .selectFrom('released_addresses')
    .selectAll()
    .where('address', '>=', first)
    .where('address', '<=', last)
    .orderBy('turn')
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) throw noFreeAddress(pool);
  await db.deleteFrom('released_addresses').where('turn', '=', oldest.turn).execute();
  return oldest.address;
}

/** One below the pool's first address while none was used. */
async function highestUsed(db: Database, first: number, last: number): Promise<number> {
  const tables = ['leases', 'released_addresses'] as const;
  const highest = await Promise.all(
    tables.map((table) =>
      db
        .selectFrom(table)
        .select(({ fn }) => fn.max<number | null>('address').as('address'))
        .where('address', '>=', first)
        .where('address', '<=', last)
        .executeTakeFirstOrThrow(),
    ),
  );
  return Math.max(first - 1, ...highest.map(({ address }) => address ?? 0));
}

async function deleteLease(db: Database, vm: string): Promise<void> {
  const row = await selectLease(db, vm);
  if (row === undefined) return;
  await db.deleteFrom('leases').where('vm_id', '=', vm).execute();
  if (row.address === null) return;
  await db.insertInto('released_addresses').values({ address: row.address }).execute();
}

function selectLease(db: Database, vm: string) {
  return db.selectFrom('leases').selectAll().where('vm_id', '=', vm).executeTakeFirst();
}

async function getRow(db: Database, vm: string) {
  const row = await selectLease(db, vm);
  if (row !== undefined) return row;
  throw new BangerError('VM_NOT_FOUND', `vm "${vm}" has no network lease`, { metadata: { vm } });
}

function toRow({ vm, name, mode, nat, peers }: Wish, bootId: string) {
  const terms = { vm_id: vm, vm_name: name, mode, nat: toFlag(nat), peers: toFlag(peers) };
  return { ...terms, state: 'detached', boot_id: bootId };
}

function toColumns({ name, nat, peers }: Changes) {
  return {
    ...(name === undefined ? {} : { vm_name: name }),
    ...(nat === undefined ? {} : { nat: toFlag(nat) }),
    ...(peers === undefined ? {} : { peers: toFlag(peers) }),
  };
}

function toFlag(value: boolean): number {
  return value ? 1 : 0;
}

function noFreeAddress({ subnet, total }: AddressPool): BangerError {
  const pool = formatSubnet(subnet);
  return new BangerError(
    'NO_FREE_ADDRESS',
    `all ${total} addresses of the pool ${pool} are leased; delete a vm, or configure a larger "pool" under [netd]`,
    { metadata: { pool, total: String(total), leased: String(total) } },
  );
}
