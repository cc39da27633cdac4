import { formatSize } from '#kit/size.ts';
import { type AvailableImage, ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { IMAGE_TABLE } from '../../image/json.ts';
import type { Table } from '../../output/table.ts';

export const list: Command = {
  description: 'The images that are here, or those that a bare name would pull.',
  options: [{ spelling: '--available', description: 'recipes and catalogue entries instead' }],
  examples: [
    { line: 'banger image list', shows: 'name, sizes, source, machines that use it' },
    { line: 'banger image list --available', shows: 'what can be had by name' },
  ],
  next: 'banger image pull NAME gets one, banger image delete NAME removes it',
  async run({ clients, out, signal }, { options }) {
    const service = clients.of('imaged', ImageServiceDefinition);
    if (options.available === true) {
      const { images } = await service.listAvailableImages({}, { signal });
      out.rows(images, AVAILABLE_TABLE, (image) => image);
      return 0;
    }
    const { images } = await service.listImages({}, { signal });
    const none = 'no images yet; get one with: banger image pull debian-bookworm';
    out.rows(images, IMAGE_TABLE, (image) => image, none);
    return 0;
  },
};

const AVAILABLE_TABLE: Table<AvailableImage> = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'HERE', text: ({ present }) => (present ? 'yes' : 'no') },
  {
    title: 'DOWNLOAD',
    text: ({ downloadBytes }) => (downloadBytes === 0 ? '-' : formatSize(downloadBytes)),
    align: 'right',
  },
  { title: 'ORIGIN', text: ({ origin }) => origin, shrinks: true },
  { title: 'DESCRIPTION', text: ({ description }) => description, shrinks: true },
];
