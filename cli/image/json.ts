import { formatDuration } from '#kit/duration.ts';
import { formatSize } from '#kit/size.ts';
import type { Image } from '#proto/banger/v1/image.ts';
import type { Table } from '../output/table.ts';

export const IMAGE_TABLE: Table<Image> = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'ID', text: ({ id }) => id.slice(0, 12) },
  { title: 'SIZE', text: ({ sizeBytes }) => formatSize(sizeBytes), align: 'right' },
  { title: 'ON DISK', text: ({ allocatedBytes }) => formatSize(allocatedBytes), align: 'right' },
  {
    title: 'SOURCE',
    text: ({ source, managed }) => (managed ? source : `${source} (not ours)`),
    shrinks: true,
  },
  { title: 'VMS', text: ({ vmIds }) => String(vmIds.length), align: 'right' },
  { title: 'AGE', text: ({ createdAt }) => ageOf(createdAt), align: 'right' },
];

export function ageOf(since: Date | undefined): string {
  return since === undefined ? '-' : formatDuration(Date.now() - since.getTime());
}
