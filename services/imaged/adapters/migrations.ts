import type { Migration } from '#kit/database.ts';
import type { ImageTables } from './image-store.ts';
import type { KernelTables } from './kernels/kernel-store.ts';

export type ImagedTables = ImageTables & KernelTables;

/** What is looked up or must be unique has a column; the rest of a record is one document. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'images, kernels and who holds them',
    sql: `
      create table images (
        id text primary key,
        name text not null unique,
        created_at integer not null,
        record text not null check (json_valid(record))
      ) strict;
      create table kernels (
        id text primary key,
        name text not null unique,
        created_at integer not null,
        record text not null check (json_valid(record))
      ) strict;
      create table image_leases (
        vm_id text primary key,
        image_id text not null references images (id)
      ) strict;
      create table kernel_leases (
        vm_id text primary key,
        kernel_id text not null references kernels (id)
      ) strict;
    `,
  },
];
