import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { argumentTexts } from '../../input.ts';
import { deleteEach } from '../../targets.ts';

export const delete_: Command = {
  description: 'Removes images. One that a machine is made of is refused.',
  arguments: [
    {
      spelling: '<image...>',
      description: 'names, ids, or beginnings of ids',
      completes: 'image',
    },
  ],
  examples: [{ line: 'banger image delete alpine busybox', shows: 'frees their disks' }],
  async run(context, input) {
    const { clients, signal } = context;
    const service = clients.of('imaged', ImageServiceDefinition);
    const { images: all } = await service.listImages({}, { signal });
    const known = {
      all,
      noun: 'image',
      reason: 'IMAGE_NOT_FOUND',
      list: 'banger image list',
    } as const;
    return deleteEach(context, known, argumentTexts(input, 0), ({ id }) =>
      service.deleteImage({ image: id }, { signal }),
    );
  },
};
