import type { Migration } from '#kit/database.ts';

/** Addresses are numbers, so that the next free one is one more than the highest. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'leases',
    sql: `
      create table leases (
        turn integer primary key autoincrement,
        vm_id text not null unique,
        vm_name text not null,
        mode text not null,
        address integer unique,
        tap_index integer unique,
        nat integer not null,
        peers integer not null,
        state text not null,
        -- A state holds for one boot of the host: what the kernel knew is gone with it.
        boot_id text not null,
        check ((mode = 'bridge') = (address is not null)),
        check ((mode = 'bridge') = (tap_index is not null))
      ) strict;
      -- Addresses that had a VM; the lowest turn was released longest ago.
      create table released_addresses (
        turn integer primary key autoincrement,
        address integer not null unique
      ) strict;
    `,
  },
];
