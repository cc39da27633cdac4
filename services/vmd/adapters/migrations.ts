import type { Migration } from '#kit/database.ts';

/** What is looked up or must be unique has a column; the rest of a record is one document. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'vms',
    sql: `
      create table vms (
        id text primary key,
        name text not null unique,
        idempotency_key text unique,
        created_at integer not null,
        last_used_at integer not null,
        record text not null check (json_valid(record))
      ) strict;
    `,
  },
];
