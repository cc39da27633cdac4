import { createHash } from 'node:crypto';
import type { Call } from '#kit/call.ts';
import type { Tell } from '#kit/stages.ts';
import type { DiskLayer, DiskPlan } from '../domain/ports.ts';
import { createDisk } from './ext4/disk.ts';
import { mergeLayers } from './layers/merge-layers.ts';

/** What every disk of ours can be grown to, online. Room for the tables of more costs each image some MiB. */
export const LARGEST_DISK_BYTES = 4 * 2 ** 40;

/** A constant, so that the same source always gives the same bytes: 2024-01-01. */
export const DISK_CREATED_AT = { seconds: 1_704_067_200, nanoseconds: 0 } as const;

/** One pass: what the layers hold goes into the disk while it is decompressed. */
export async function buildDisk(
  call: Call,
  layers: readonly DiskLayer[],
  { path, identity, freeBytes }: DiskPlan,
  tell: Tell,
): Promise<void> {
  await using disk = await createDisk(path, {
    size: { freeBytes },
    maximumSizeBytes: LARGEST_DISK_BYTES,
    label: 'banger-root',
    uuid: uuidOf(identity),
    createdAt: DISK_CREATED_AT,
  });
  const total = layers.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  const sources = layers.map((layer) => ({ ...layer, digestVerified: layer.digest !== undefined }));
  const tree = await mergeLayers(sources, disk.contents, {
    signal: call.signal,
    report: ({ layer, layers: count, bytesRead, entries }) =>
      tell(`layer ${layer + 1} of ${count}, ${entries} entries`, {
        ...{ done: bytesRead, total },
        unit: 'bytes',
      }),
  });
  call.signal.throwIfAborted();
  await disk.finish(tree);
}

/** A UUID of version 8: the digits are ours to choose (RFC 9562). */
export function uuidOf(identity: string): string {
  const hex = createHash('sha256').update(identity).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
