import type { Migration } from '#kit/database.ts';

export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'vms',
    sql: `
      create table vms (
        id text primary key,
        name text not null unique,
        state text not null,
        created_at integer not null
      ) strict;
    `,
  },
];
